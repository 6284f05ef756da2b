import { SatchelError } from '../base/errors.ts';
import { formatBytes } from '../base/units.ts';
import { allocatedSize } from '../os/disk.ts';
import type { StickFile } from '../store/stick-manifest.ts';
import type { Attachment } from './stick-attach.ts';
import type { ChosenBundle } from './stick-bundles.ts';
import type { ChosenBuild } from './stick-choice.ts';
import type { StickTree } from './stick-files.ts';
import type { StickList } from './stick-manifest-file.ts';
import type { Medium } from './stick-medium.ts';
import type { LooseFile, PreparedSource } from './stick-source.ts';

/** Everything that one preparation of a stick works with. */
export type StickWork = {
  readonly tree: StickTree;
  readonly source: PreparedSource;
  readonly builds: readonly ChosenBuild[];
  readonly bundles: readonly ChosenBundle[];
  readonly loose: readonly LooseFile[];
  readonly attachments: readonly Attachment[];
  /** Every file that is wanted, with its length in bytes; metadata is not among them. */
  readonly wanted: ReadonlyMap<string, number>;
  /** Files on the former list that are there in full length, and later all that were written. */
  readonly present: Map<string, StickFile>;
  /** Names on the former list. */
  readonly former: readonly string[];
};

/** Folders, metadata, the list and rounding take a little too. */
const slack = 1024 * 1024;

/** Works out what is wanted and what of it is there. Nothing is read but lengths. */
export function planWork(
  given: Omit<StickWork, 'wanted' | 'present' | 'former'>,
  before: StickList | undefined,
): StickWork {
  const { tree, source, builds, bundles, loose, attachments } = given;
  const files = [...[...builds, ...bundles].flatMap((chosen) => chosen.files), ...source.records];
  const wanted = new Map([
    ...files.map(({ name, length }) => [`repo/${name}`, length] as const),
    ...loose.map(({ name, bytes }) => [`repo/${name}`, bytes.length] as const),
    ...attachments.map(({ name, length }) => [name, length] as const),
  ]);
  const present = new Map<string, StickFile>();
  for (const file of before?.manifest.files ?? [])
    if (tree.sizeOf(file.name) === file.length) present.set(file.name, file);
  const former = (before?.manifest.files ?? []).map(({ name }) => name);
  return { ...given, wanted, present, former };
}

/** Bytes of the files that are to be written, in whole blocks of the stick. */
export function bytesToWrite({ wanted, tree }: StickWork, blockSize: number): number {
  let bytes = 0;
  for (const [name, length] of wanted)
    if (tree.sizeOf(name) !== length) bytes += allocatedSize(length, blockSize);
  return bytes;
}

/**
 * Makes sure that the stick has room. Throws `stick-too-small`. The result are the files that have to go before anything
 * is written, where only the old and the new together are too much.
 */
export function requireRoom(work: StickWork, medium: Medium): readonly StickFile[] {
  const { bytes: free, blockSize } = medium.space();
  const needed = bytesToWrite(work, blockSize) + slack;
  if (needed <= free) return [];
  // Metadata changes its names with every version, is small, and goes when the new list is there.
  const unwanted = [...work.present.values()].filter(
    ({ name }) => !work.wanted.has(name) && !name.startsWith('repo/metadata/'),
  );
  const gain = unwanted.reduce((sum, { length }) => sum + allocatedSize(length, blockSize), 0);
  if (needed <= free + gain) return unwanted;
  throw new SatchelError('stick-too-small', {
    path: work.tree.directory,
    needed: formatBytes(needed),
    free: formatBytes(free + gain),
  });
}
