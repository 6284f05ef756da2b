import type { Reporter } from '../base/progress.ts';
import type { Pace } from '../device/fetch.ts';
import type { DeviceSession } from '../device/session.ts';
import type { BundleRecord } from '../repository/group-record.ts';
import type { HomeLayout, Owner } from './home.ts';
import type { InstalledBundle } from './home-state.ts';

/** One bundle that is to be brought, and what is there of it. */
export type WantedBundle = { readonly record: BundleRecord; readonly from?: InstalledBundle | undefined };

/** What is to be brought, to where, and within which limits. */
export type BringOptions = {
  readonly layout: HomeLayout;
  readonly owner: Owner;
  readonly session: DeviceSession;
  readonly wanted: readonly WantedBundle[];
  readonly maximumBytes?: number | undefined;
  /** Bytes of memory that applying a delta may take; what is free when absent. */
  readonly memory?: number | undefined;
  /** The limit of the rate that all of it shares. */
  readonly pace?: Pace | undefined;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};
