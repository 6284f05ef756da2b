import { hash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type ByteString, displayOf } from '../base/byte-string.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { contentsLimit, isTreePath } from '../build/entry-rules.ts';
import { type ContentsEntry, contentsType, parseContents } from '../formats/olpc-contents.ts';
import { readFileIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { OpenPlace } from './client-place.ts';

/** The manifest that came with a tree. */
export type ClientManifest = {
  readonly bytes: Uint8Array;
  /** Names the build in the old protocol. */
  readonly hash: Sha256;
  /** Its entries in byte order of the paths; undefined when it is of the original type, which nobody can read. */
  readonly entries: readonly ContentsEntry[] | undefined;
};

/**
 * Fetches the manifest of a place into `path`; only what differs from `before`, a manifest that the device has,
 * travels. Undefined when the place has none. Throws `rsync-contents-too-large`, what `parseContents` throws, and what
 * running rsync throws.
 */
export async function fetchManifest(
  open: OpenPlace,
  { path, before }: { readonly path: string; readonly before?: string | undefined },
): Promise<ClientManifest | undefined> {
  const { contents, name } = open.place;
  for (const location of contents) {
    const basis = `${path}.before`;
    withSystemErrors('copy', path, () => {
      for (const old of [path, basis]) rmSync(old, { force: true, recursive: true });
      mkdirSync(basis);
      // What rsync takes for a part of the file that was received before is what it sends the differences to.
      if (before !== undefined && existsSync(before)) copyFileSync(before, join(basis, basename(path)));
    });
    try {
      await open.run([...plainFile(contentsLimit), `--partial-dir=${basis}`], [location, path]);
    } catch (error) {
      // Builds before 612 called it otherwise, so the next name is tried.
      if (isSatchelError(error, 'rsync-file-missing')) continue;
      throw error;
    }
    const bytes = readFileIfThere(path);
    if (bytes === undefined)
      throw new SatchelError('rsync-contents-too-large', { place: name, limit: contentsLimit });
    return readManifest(bytes);
  }
  return undefined;
}

/** The bytes of a small file of a place; undefined when there is none. Throws what running rsync throws. */
export async function fetchSmallFile(
  open: OpenPlace,
  location: string,
  { path, limit }: { readonly path: string; readonly limit: number },
): Promise<Buffer | undefined> {
  try {
    await open.run(plainFile(limit), [location, path]);
  } catch (error) {
    if (isSatchelError(error, 'rsync-file-missing')) return undefined;
    throw error;
  }
  return readFileIfThere(path);
}

/** A symlink or a directory where a file should be is not fetched: it could lead to files of this machine. */
function plainFile(limit: number): string[] {
  return ['--no-recursive', '--no-links', '--no-D', `--max-size=${limit}`];
}

/** Understands a manifest as far as possible. Throws `contents-invalid` and what else `parseContents` throws. */
export function readManifest(bytes: Uint8Array): ClientManifest {
  const entries = contentsType(bytes) === 'olpc-contents-x' ? parseContents(bytes) : undefined;
  const outside = entries?.findIndex(({ path }) => !isTreePath(path)) ?? -1;
  if (outside >= 0)
    throw new SatchelError('contents-invalid', {
      number: outside + 1,
      path: displayOf(entries![outside]!.path.slice(0, 300) as ByteString),
      field: 'path',
    });
  return { bytes, hash: hash('sha256', bytes) as Sha256, entries };
}
