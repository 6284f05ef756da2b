import type { BuildName } from '../base/identifiers.ts';
import type { DropLook, SeenSet } from './drop-look.ts';
import type { DropRecord, DropTrouble, SetOutcome } from './drop-record.ts';

/** A set that is to be read and published. */
export type SetToPublish = Required<Pick<SeenSet, 'set' | 'name' | 'files' | 'source'>>;

/** What a refresh has to do. */
export type DropPlan = {
  /** Builds of ours whose `.name` file is gone. */
  readonly withdraw: readonly BuildName[];
  readonly publish: readonly SetToPublish[];
  /** Sets about which nothing is to be done now, and why. */
  readonly settled: readonly SetOutcome[];
};

/** What a plan is made from. */
export type PlanSituation = {
  readonly look: DropLook;
  /** Prefixes of sets that changed between two looks. */
  readonly changing: ReadonlySet<string>;
  readonly record: DropRecord;
  readonly isPublished: (name: BuildName) => boolean;
  /** Reads every set again. */
  readonly force: boolean;
  /** Tries again what failed and has not changed since. */
  readonly retry: boolean;
};

/** Decides what to do about every set and every build that came from the drop directory. */
export function planDrop(situation: PlanSituation): DropPlan {
  const { look, record, changing } = situation;
  const owners = ownersOf(look.sets, record);
  const publish: SetToPublish[] = [];
  const settled: SetOutcome[] = [];
  for (const seen of look.sets) {
    const outcome = outcomeWithoutWork(seen, owners, situation);
    if (outcome !== undefined) settled.push(outcome);
    else if (isComplete(seen)) publish.push(seen);
  }
  // A `.name` file that is being written, or whose words are no name, has not gone.
  const unclear = new Set(
    look.sets.filter(({ name, set }) => !name || changing.has(set)).map(({ set }) => set),
  );
  const withdraw = [...record.builds.values()]
    .filter(({ name, set }) => !owners.has(name) && !unclear.has(set) && !changing.has(set))
    .map(({ name }) => name);
  return { withdraw, publish, settled };
}

function isComplete(seen: SeenSet): seen is SetToPublish {
  return seen.name !== undefined && seen.source !== undefined;
}

/** Which set a public name belongs to: the one that it was published from, else the first in byte order. */
function ownersOf(sets: readonly SeenSet[], { builds }: DropRecord): Map<BuildName, string> {
  const owners = new Map<BuildName, string>();
  for (const { name, set } of sets)
    if (name !== undefined && (!owners.has(name) || builds.get(name)?.set === set)) owners.set(name, set);
  return owners;
}

/** The outcome of a set that needs no reading; undefined for one that is to be published. */
function outcomeWithoutWork(
  seen: SeenSet,
  owners: ReadonlyMap<BuildName, string>,
  { record, changing, isPublished, force, retry }: PlanSituation,
): SetOutcome | undefined {
  const { set, name, files } = seen;
  const about = { set, ...(name === undefined ? {} : { name }), files };
  if (changing.has(set)) return waiting(about, { code: 'drop-set-changing', parameters: { set } });
  if (seen.trouble !== undefined)
    return waitsForFiles.has(seen.trouble.code)
      ? waiting(about, seen.trouble)
      : { ...about, state: 'failed', trouble: seen.trouble };
  if (name === undefined) return undefined;
  const other = owners.get(name);
  if (other !== undefined && other !== set)
    return {
      ...about,
      state: 'failed',
      trouble: { code: 'drop-name-taken', parameters: { set, name, other } },
    };
  const before = record.sets.get(set);
  if (force || before === undefined || before.files !== files || before.name !== name) return undefined;
  const { code } = before.trouble ?? {};
  if (before.state === 'published') return isPublished(name) ? before : undefined;
  if (code === 'drop-set-unsigned') return isPublished(name) ? { ...about, state: 'published' } : before;
  return before.state === 'failed' && !retry ? before : undefined;
}

const waitsForFiles: ReadonlySet<string> = new Set(['drop-name-empty', 'drop-set-incomplete']);

function waiting(about: Omit<SetOutcome, 'state'>, trouble: DropTrouble): SetOutcome {
  return { ...about, state: 'waiting', trouble };
}
