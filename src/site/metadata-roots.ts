import { isSatchelError } from '../base/errors.ts';
import type { Reporter } from '../base/progress.ts';
import type { ReadableStore, Store } from '../store/store.ts';
import { metadataFile } from '../trust/names.ts';
import { readIfThere } from '../trust/read-if-there.ts';
import { defaultLimits } from '../trust/roles.ts';
import { acceptNextRoot, acceptPinnedRoot } from '../trust/workflow.ts';
import { isPlaced } from './metadata-place.ts';

/** Roots that a refresh read on its way, by version. */
export type ReadRoots = ReadonlyMap<number, Uint8Array>;

/** A store that remembers the roots which are read through it. */
export function rememberRoots(source: ReadableStore): {
  readonly store: ReadableStore;
  readonly roots: ReadRoots;
} {
  const roots = new Map<number, Uint8Array>();
  const store: ReadableStore = {
    ...source,
    async read(name, options) {
      const reading = await source.read(name, options);
      const version = /^metadata\/([1-9]\d{0,8})\.root\.json$/.exec(name)?.[1];
      if (version === undefined) return reading;
      return {
        size: reading.size,
        body: remembered(reading.body, (bytes) => roots.set(Number(version), bytes)),
      };
    },
  };
  return { store, roots };
}

async function* remembered(
  body: AsyncIterable<Uint8Array>,
  keep: (bytes: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  const pieces: Buffer[] = [];
  for await (const piece of body) {
    // A piece belongs to the reader, who may give its memory back.
    pieces.push(Buffer.from(piece));
    yield piece;
  }
  keep(Buffer.concat(pieces));
}

export type RootChainOptions = {
  /** Where the files are to lie. */
  readonly local: Store;
  readonly source: ReadableStore;
  /** What the refresh read. */
  readonly known: ReadRoots;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/**
 * The roots before the trusted one that are not here, so that a device which trusts an old one can follow the chain.
 * Each was signed by its own keys, and the one after it by them: no upstream can put another in its place without keys
 * that signed for it. What does not fit ends the chain, with a notice. Throws what the source throws.
 */
export async function missingRoots(
  trusted: { readonly version: number; readonly bytes: Uint8Array },
  { local, source, known, reporter, signal }: RootChainOptions,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const missing = new Map<string, Uint8Array>();
  const limit = defaultLimits.root;
  let next = trusted.bytes;
  for (let version = trusted.version - 1; version >= 1; version -= 1) {
    const file = metadataFile('root', version);
    const here = await readIfThere(local, file, { limit, signal });
    const bytes = known.get(version) ?? here ?? (await readIfThere(source, file, { limit, signal }));
    if (bytes === undefined) return missing;
    if (!leadsTo(bytes, version, next, source.location)) {
      reporter.notice('site-root-chain-broken', { source: source.location, file });
      return missing;
    }
    if (here === undefined || !(await isPlaced(local, file, bytes))) missing.set(file, bytes);
    next = bytes;
  }
  return missing;
}

function leadsTo(bytes: Uint8Array, version: number, next: Uint8Array, source: string): boolean {
  try {
    const root = acceptPinnedRoot(bytes, { file: metadataFile('root', version), source });
    if (root.version !== version) return false;
    acceptNextRoot(next, root, { file: metadataFile('root', version + 1), source });
    return true;
  } catch (error) {
    if (isSatchelError(error)) return false;
    throw error;
  }
}
