import type { BuildName, Sha256 } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { EntryList } from '../build/index-table.ts';
import type { Owed } from './apply-metadata.ts';
import type { DeviceLayout } from './layout.ts';
import type { RepairPlan } from './repair-plan.ts';
import type { ContentSource } from './restore-inode.ts';

export type RestoreOptions = {
  readonly layout: DeviceLayout;
  readonly name: BuildName;
  readonly entries: EntryList;
  /** SHA-256 of the uncompressed index that `entries` are. */
  readonly index: Sha256;
  readonly plan: RepairPlan;
  /** Called for each file of `plan.fetch`, in that order. */
  readonly content: ContentSource;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** What restoring did. */
export type Restored = {
  /** Paths that are right again. */
  readonly restored: number;
  /** Paths that were removed because the index does not have them. */
  readonly removed: number;
  /** What is owed to restored paths. */
  readonly owed: readonly Owed[];
  /** True when the running system goes on with the tree from before until the next boot. */
  readonly rebootNeeded: boolean;
};
