import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { readAll } from '../store/read-all.ts';
import type { ReadableStore } from '../store/store.ts';
import { targetFileName } from './names.ts';
import type { TargetInfo } from './target-search.ts';
import { hasContent } from './verify-content.ts';

/** Verified target files on disk, named by their SHA-256. */

/** How many target files are kept: each is a few kilobytes. */
const mostKept = 256;

/** The cached bytes of a target, verified again, or undefined. */
export function cachedTarget(directory: string, info: TargetInfo): Uint8Array | undefined {
  if (info.sha256 === undefined) return undefined;
  const bytes = readFileIfThere(join(directory, info.sha256));
  return bytes !== undefined && hasContent(bytes, info) ? bytes : undefined;
}

/** Keeps a verified target. Beyond {@link mostKept} the oldest go. */
export function keepTarget(directory: string, info: TargetInfo, bytes: Uint8Array): void {
  if (info.sha256 === undefined) return;
  withSystemErrors('write', directory, () => {
    mkdirSync(directory, { recursive: true });
    writeFileAtomic(join(directory, info.sha256!), bytes);
    const names = readdirSync(directory);
    if (names.length <= mostKept) return;
    const byAge = names
      .map((name) => ({ path: join(directory, name), age: statSync(join(directory, name)).mtimeMs }))
      .sort((one, other) => other.age - one.age);
    for (const { path } of byAge.slice(mostKept)) rmSync(path, { force: true });
  });
}

/**
 * Reads a target from the source: never more bytes than were signed for, and only those whose hash was signed.
 * Throws `target-wrong`, and what the store throws.
 */
export async function downloadTarget(
  store: ReadableStore,
  info: TargetInfo,
  options: { readonly consistentSnapshot: boolean; readonly signal: AbortSignal | undefined },
): Promise<Uint8Array> {
  const digest = info.sha256 ?? [...info.hashes.values()][0];
  const name = targetFileName(info.path, options.consistentSnapshot ? digest : undefined);
  const wrong = (cause?: unknown) =>
    new SatchelError('target-wrong', { path: info.path, source: store.location }, { cause });
  let bytes: Uint8Array;
  try {
    bytes = await readAll(store, name, { limit: info.length, signal: options.signal });
  } catch (error) {
    if (error instanceof SatchelError && error.code === 'store-too-long') throw wrong(error);
    throw error;
  }
  if (!hasContent(bytes, info)) throw wrong();
  return bytes;
}
