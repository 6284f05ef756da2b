import type { ByteString } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { FileEntry, IndexEntry } from '../build/entry.ts';

/** Finds files of the old build that a file of the new one may have been made from. */
export type OldFiles = {
  /** At most three, the likeliest first. */
  candidatesFor(file: FileEntry): FileEntry[];
};

const mostCandidates = 3;
/** Names that so many files share say nothing about their content. */
const mostNamesakes = 400;
/** A file of another name is no base when one is so many times longer than the other. */
const mostTimesLonger = 8;

/** Looks at the names, sizes and hashes of both builds, never at contents. */
export function oldFiles(from: Iterable<IndexEntry>, to: Iterable<IndexEntry>): OldFiles {
  const byPath = filesByPath(from);
  const files = [...new Set(byPath.values())];
  const byFreePath = groupBy(files, ({ path }) => withoutVersions(path));
  const byName = groupBy(files, ({ path }) => withoutGzip(nameOf(path)));
  const byFreeName = groupBy(files, ({ path }) => withoutVersions(nameOf(path)));
  const renamed = renamedDirectories(byPath, files, to);

  const namesakes = (file: FileEntry): FileEntry[][] => {
    const { path } = file;
    const oldDirectory = renamed.get(directoryOf(path));
    const moved = oldDirectory === undefined ? undefined : byPath.get(joined(oldDirectory, nameOf(path)));
    return [
      moved === undefined ? [] : [moved],
      byFreePath.get(withoutVersions(path)) ?? [],
      byName.get(withoutGzip(nameOf(path))) ?? [],
      byFreeName.get(withoutVersions(nameOf(path))) ?? [],
    ];
  };

  return {
    candidatesFor(file) {
      const same = byPath.get(file.path);
      if (same !== undefined && isOfLikeSize(same, file)) return [same];
      const found = new Map<Sha256, FileEntry>();
      if (same !== undefined && same.size > 0) found.set(same.sha256, same);
      for (const group of namesakes(file)) {
        if (group.length > mostNamesakes) continue;
        for (const old of closestFirst(group, file)) {
          if (found.size === mostCandidates) return [...found.values()];
          if (!found.has(old.sha256)) found.set(old.sha256, old);
        }
      }
      return [...found.values()];
    },
  };
}

/**
 * A path with every number and run of numbers (`1.2.3`, `6.1.0-40`) replaced, and without `.gz` at its end: what
 * two versions of a file have in common.
 */
export function withoutVersions(path: string): string {
  return withoutGzip(path).replace(/\d+(?:[.+~:_-]?\d+)*/g, '#');
}

function withoutGzip(path: string): string {
  return path.endsWith('.gz') ? path.slice(0, -3) : path;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function joined(directory: string, name: string): ByteString {
  return (directory === '' ? name : `${directory}/${name}`) as ByteString;
}

/** Every name of a file, further hard links included. */
function filesByPath(entries: Iterable<IndexEntry>): Map<ByteString, FileEntry> {
  const files = new Map<ByteString, FileEntry>();
  for (const entry of entries) {
    const file = entry.type === 'hardlink' ? files.get(entry.link) : entry;
    if (file?.type === 'file') files.set(entry.path, file);
  }
  return files;
}

function groupBy(files: readonly FileEntry[], key: (file: FileEntry) => string): Map<string, FileEntry[]> {
  const groups = new Map<string, FileEntry[]>();
  for (const file of files) {
    const name = key(file);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [file]);
    else group.push(file);
  }
  return groups;
}

/** For each new directory the old one from which most of its unchanged files came, where that is another one. */
function renamedDirectories(
  byPath: ReadonlyMap<ByteString, FileEntry>,
  files: readonly FileEntry[],
  to: Iterable<IndexEntry>,
): Map<string, string> {
  const places = new Map<Sha256, string>();
  for (const { sha256, path } of files) if (!places.has(sha256)) places.set(sha256, directoryOf(path));
  const votes = new Map<string, Map<string, number>>();
  for (const entry of to) {
    if (entry.type !== 'file' || entry.size === 0 || byPath.has(entry.path)) continue;
    const oldDirectory = places.get(entry.sha256);
    if (oldDirectory === undefined) continue;
    const directory = directoryOf(entry.path);
    const counts = votes.get(directory) ?? new Map<string, number>();
    votes.set(directory, counts.set(oldDirectory, (counts.get(oldDirectory) ?? 0) + 1));
  }
  const winners = [...votes].map(([directory, counts]): [string, string] => {
    const [winner] = [...counts].reduce((best, next) => (next[1] > best[1] ? next : best));
    return [directory, winner];
  });
  return new Map(winners);
}

/** Those of like size, first those whose paths have most components in common, then those of the nearest size. */
function closestFirst(group: readonly FileEntry[], file: FileEntry): FileEntry[] {
  const components = new Set(withoutVersions(file.path).split('/'));
  const inCommon = ({ path }: FileEntry) =>
    withoutVersions(path)
      .split('/')
      .filter((component) => components.has(component)).length;
  return group
    .filter((old) => isOfLikeSize(old, file))
    .map((old) => ({ old, inCommon: inCommon(old), distance: Math.abs(old.size - file.size) }))
    .sort((a, b) => b.inCommon - a.inCommon || a.distance - b.distance)
    .map(({ old }) => old);
}

function isOfLikeSize(old: FileEntry, file: FileEntry): boolean {
  const [less, more] = old.size < file.size ? [old.size, file.size] : [file.size, old.size];
  return less > 0 && more <= less * mostTimesLonger;
}
