import type { BuildName, Sha256 } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { IndexTable } from '../build/index-table.ts';
import type { ReadableStore } from '../store/store.ts';
import type { TrustClient } from '../trust/client.ts';
import type { BaseTree } from './base-check.ts';
import type { DeviceLayout } from './layout.ts';
import type { Spending } from './spending.ts';
import type { Spool } from './spool.ts';
import type { Base } from './stage-plan.ts';
import type { Wanted } from './wanted.ts';

/** A tree on this device that files are taken from. */
export type TreeBase = Base & BaseTree & { readonly name: BuildName; readonly entries: IndexTable };

/** What it takes to work out an update. */
export type PrepareOptions = {
  readonly layout: DeviceLayout;
  readonly store: ReadableStore;
  readonly client: TrustClient;
  readonly spool: Spool;
  readonly wanted: Wanted;
  /** The version to compare with, when Satchel has installed it; undefined on an empty device. */
  readonly base: BuildName | undefined;
  readonly spending: Spending;
  /** Deltas that have proved to be of no use. */
  readonly useless: ReadonlySet<Sha256>;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};
