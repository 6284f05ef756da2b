import { displayOf } from '../base/byte-string.ts';
import { isSatchelError } from '../base/errors.ts';
import type { BuildName, Sha256 } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { FileEntry } from '../build/entry.ts';
import type { EntryList } from '../build/index-table.ts';
import { objectOrdinals, objectsOfFile } from '../build/objects.ts';
import type { Damaged } from './damage.ts';
import { createDelivery, type ReceivedTask } from './deliver.ts';
import { readInstalled, readInstalledIndex, readStoredIndex } from './installed.ts';
import { pristineTree } from './layout.ts';
import { fetchLists } from './lists.ts';
import { createObjectReader } from './object-reader.ts';
import { restoreEntries } from './repair.ts';
import { planRepair } from './repair-plan.ts';
import type { DeviceSession } from './session.ts';
import { startSpending } from './spending.ts';
import type { NeededObject } from './stage-plan.ts';
import type { StageOutcome } from './stage-task.ts';
import { verifyTree } from './verify.ts';
import { findWanted } from './wanted.ts';

export type RepairVersionOptions = {
  readonly session: DeviceSession;
  /** An installed version. */
  readonly name: BuildName;
  readonly maximumBytes?: number | undefined;
  readonly bytesPerSecond?: number | undefined;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** What repairing a version did. */
export type RepairedVersion = {
  readonly build: BuildName;
  /** What was found, repaired now. */
  readonly damaged: readonly { readonly path: string; readonly reason: string }[];
  /** Files whose content had to be fetched. */
  readonly fetched: number;
  /** True when the running system goes on with the tree from before until the next boot. */
  readonly rebootNeeded: boolean;
};

/**
 * Reads a whole version, fetches the content of the files that are damaged and nothing else, and puts new
 * inodes in their place. The caller holds the device lock.
 */
export async function repairVersion(options: RepairVersionOptions): Promise<RepairedVersion> {
  const { session, name, reporter, signal } = options;
  const { layout } = session;
  const record = readInstalled(layout, name);
  if (record !== undefined && readStoredIndex(layout, record.index) === undefined)
    await fetchListsOf(options);
  // An ordinary user would only fetch what is owed again, to owe it again.
  const owedIsDamage = process.geteuid?.() === 0;
  const { damaged } = await verifyTree({ layout, name, full: true, owedIsDamage, reporter, signal });
  const found = damaged.map(({ path, reason }) => ({ path: displayOf(path), reason }));
  if (record === undefined || damaged.length === 0)
    return { build: name, damaged: found, fetched: 0, rebootNeeded: false };

  const entries = readInstalledIndex(layout, name);
  const restored = await restoreDamaged(options, { entries, index: record.index, damaged });
  return { build: name, damaged: found, ...restored };
}

/** A tree of an index, and what is not as it says. */
type DamagedTree = {
  readonly entries: EntryList;
  readonly index: Sha256;
  readonly damaged: readonly Damaged[];
};

/** Puts right what is damaged; see {@link RepairedVersion}. */
export async function restoreDamaged(
  options: RepairVersionOptions,
  { entries, index, damaged }: DamagedTree,
): Promise<Pick<RepairedVersion, 'fetched' | 'rebootNeeded'>> {
  const { session, name, reporter, signal } = options;
  const { layout } = session;
  const plan = planRepair(pristineTree(layout, name), entries, damaged);
  const content = await fetchContent(options, plan.fetch);
  const order = { layout, name, entries, index, plan, content, reporter, signal };
  const { rebootNeeded } = await restoreEntries(order);
  session.spool.clear();
  return { fetched: plan.fetch.length, rebootNeeded };
}

async function fetchListsOf(options: RepairVersionOptions) {
  const { session, name, signal } = options;
  const wanted = await findWanted({ ...session, signal }, { build: name });
  return fetchLists({ ...options, ...session, wanted });
}

/** Brings in the content of these files; what it gives then reads it piece by piece. */
async function fetchContent(
  options: RepairVersionOptions,
  files: readonly FileEntry[],
): Promise<(entry: FileEntry) => Iterable<Uint8Array>> {
  if (files.length === 0) return () => [];
  const { session, name, reporter, signal } = options;
  const spending = startSpending(session, { build: name, maximumBytes: options.maximumBytes });
  const { map, objects } = await fetchListsOf(options);
  const deliver = createDelivery({
    ...session,
    map,
    ordinals: objectOrdinals(objects),
    bytesPerSecond: options.bytesPerSecond,
    spending,
    reporter,
  });
  const needed: NeededObject[] = files.flatMap(objectsOfFile).map((object) => ({ ...object, targets: [] }));
  const read = createObjectReader(map, objects, session.spool);
  await deliver(needed, checkFrame, signal);
  return (entry) =>
    objectsOfFile(entry)
      .values()
      .map(({ sha256 }) => read(sha256));

  /** Wrong bytes of the source are found here, so that they are asked for again before anything is replaced. */
  async function checkFrame(task: ReceivedTask): Promise<StageOutcome> {
    if (task.kind !== 'frame') throw new Error('packs hold frames');
    let badFrame = false;
    try {
      for (const { sha256 } of task.objects) read(sha256);
    } catch (error) {
      if (!isSatchelError(error, 'object-damaged', 'frame-damaged')) throw error;
      badFrame = true;
    }
    return {
      dirty: [],
      badFrame,
      unlinkable: [],
      owed: [],
      written: 0,
      produced: [],
      damaged: [],
    };
  }
}
