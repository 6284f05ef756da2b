import { listIfThere } from '../os/if-there.ts';
import type { SiteLayout } from './layout.ts';
import type { Interval } from './pull-intervals.ts';
import { hashedName } from './pull-name.ts';
import { bootId, journalPath } from './pull-part-file.ts';
import { readJournal } from './pull-part-journal.ts';

type Paths = Pick<SiteLayout, 'frames' | 'partial'>;

/** The folder in which parts of a file lie: frames of packs stay, other files go on their way through. */
function folderOf({ frames, partial }: Paths, isPack: boolean): string {
  return isPack ? frames : partial;
}

/** Which bytes of a file are here that is not here as a whole. */
export function keptParts(paths: Paths, name: string): readonly Interval[] {
  const hashed = hashedName(name);
  if (hashed === undefined) return [];
  const journal = journalPath(folderOf(paths, hashed.isPack), hashed.key);
  return readJournal(journal, bootId())?.received.list() ?? [];
}

/** A file on the disk with a part of a file of the repository, or with what is known of it. */
export type PartPath = {
  /** The name of the whole file in the repository. */
  readonly name: string;
  readonly folder: string;
  readonly file: string;
};

/** What follows the hash in the names of files, by folder. */
const endings: Readonly<Record<string, string>> = {
  indexes: '.zst',
  maps: '.zst',
  packs: '.pack',
  deltas: '.delta',
  contents: '',
};

/** Everything that lies there of files that are not here as a whole; records are so small that they do not count. */
export function listParts(paths: Paths): PartPath[] {
  return [paths.frames, paths.partial].flatMap((folder) =>
    listIfThere(folder).flatMap((file) => {
      const [, kind = '', sha256] = /^([a-z]+)-([0-9a-f]{64})\.(?:part|journal)$/.exec(file) ?? [];
      const ending = Object.hasOwn(endings, kind) ? endings[kind] : undefined;
      return ending === undefined ? [] : [{ name: `${kind}/${sha256}${ending}`, folder, file }];
    }),
  );
}
