import { freeBuffer } from '../base/memory.ts';
import { sleep } from '../base/sleep.ts';
import type { ReadableStore } from '../store/store.ts';
import type { MirrorFile } from './mirror-types.ts';

export type FetchMissingOptions = {
  /** Reads through the site: what is read is kept. */
  readonly store: ReadableStore;
  /** What is missing now, of what is wanted. */
  readonly missing: () => Promise<readonly MirrorFile[]>;
  /** Told of bytes that came. */
  readonly received?: ((bytes: number) => void) | undefined;
  /** Milliseconds that a file that came has to get its place; 15 s when absent. */
  readonly patience?: number | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** After the lists are here it is known which packs are missing, after the packs that nothing is. */
const mostRounds = 3;

/** The last bytes of a file are handed on a moment before it has its place, so that it is looked for more than once. */
const defaultPatience = 15_000;
const longestPause = 500;

/** Fetches until nothing is missing; the answer is what still is, though all of it was fetched. */
export async function fetchMissing(options: FetchMissingOptions): Promise<readonly MirrorFile[]> {
  const { missing, patience = defaultPatience, signal } = options;
  let left = await missing();
  for (let round = 1; round <= mostRounds && left.length > 0; round += 1) {
    const asked = new Set(left.map(({ name }) => name));
    asked.delete(undefined);
    for (const file of left) await fetchFile(file, options);
    const until = performance.now() + patience;
    for (let pause = 10; ; pause = Math.min(longestPause, pause * 2)) {
      left = await missing();
      if (!left.some(({ name }) => asked.has(name))) break;
      if (performance.now() > until) return left;
      await sleep(pause, signal);
    }
  }
  return left;
}

async function fetchFile(
  { name, parts }: MirrorFile,
  { store, received, signal }: FetchMissingOptions,
): Promise<void> {
  if (name === undefined) return;
  const wanted = parts?.map(({ start, end }) => ({ offset: start, length: end - start })) ?? ([{}] as const);
  for (const part of wanted) {
    const { body } = await store.read(name, { ...part, signal });
    for await (const piece of body) {
      const { length } = piece;
      // Left to the collector, a fast link fills the memory before it looks.
      if (length === piece.buffer.byteLength) freeBuffer(piece);
      received?.(length);
    }
  }
}
