import { statSync } from 'node:fs';
import { byteStringFromText, displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { ContentSink } from '../build/content-sink.ts';
import type { IndexEntry } from '../build/entry.ts';
import { buildFromDirectory } from '../build/from-directory.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { type BundleInfo, longestBundlePath } from '../repository/bundle-record.ts';
import { requireLinksInside } from './content-links.ts';
import { pathTooLong, type ReadBundle, type ReadBundleOptions } from './read-bundle.ts';

/** Content is what its publisher says it is: nothing inside it describes it. */
export type ContentDescription = Omit<BundleInfo, 'kind' | 'icon'>;

/**
 * Reads a directory of any size into the entries of a tree and gives its objects to the sink. Whoever owns the files
 * here, on a device they belong to who uses it; programs stay programs. Throws `content-not-directory`,
 * `bundle-special-file`, `bundle-path-too-long`, `content-link-outside`, and what reading the directory throws.
 */
export async function readContent(
  path: string,
  description: ContentDescription,
  sink: ContentSink,
  options: ReadBundleOptions = {},
): Promise<ReadBundle> {
  const found = withSystemErrors('stat', path, () => statSync(path, { throwIfNoEntry: false }));
  if (!found?.isDirectory()) throw new SatchelError('content-not-directory', { path });
  // A folder `versions` means nothing here.
  const entries = await buildFromDirectory(path, sink, { ...options, asItIs: true });
  const folder = byteStringFromText(description.folder);
  const tooLong = entries.find((entry) => folder.length + 1 + entry.path.length > longestBundlePath);
  if (tooLong !== undefined) throw pathTooLong(tooLong.path, path);
  requireLinksInside(entries);
  return {
    info: { kind: 'content', ...description },
    entries: entries.map((entry) => plain(entry, path)),
  };
}

function plain(entry: IndexEntry, directory: string): IndexEntry {
  const { type, path } = entry;
  if (type === 'hardlink') return entry;
  if (type === 'char' || type === 'block' || type === 'fifo')
    throw new SatchelError('bundle-special-file', { archive: directory, path: displayOf(path) });
  if (type === 'symlink') return { ...entry, ...owner };
  const isProgram = type === 'directory' || (entry.mode & 0o111) !== 0;
  const { user: _user, group: _group, ...rest } = entry;
  return { ...rest, ...owner, mode: isProgram ? 0o755 : 0o644 } as IndexEntry;
}

const owner = { uid: 0, gid: 0, xattrs: [] } as const;

/** The directory that content is installed as, unless its publisher says otherwise. */
export function folderOfContent(path: string): string {
  return displayOf(byteStringFromText(path.replace(/\/+$/, '').replace(/^.*\//, '')));
}
