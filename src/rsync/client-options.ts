import type { Clock } from '../base/clock.ts';
import type { BuildName, Sha256 } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { PathChange } from './changed-paths.ts';
import type { RsyncPlace } from './client-place.ts';

/** What an update through rsync is asked to do. */
export type ClientUpdateOptions = {
  /** The device: what stands for `/`. */
  readonly root: string;
  readonly build: BuildName;
  readonly place: RsyncPlace;
  /** Install it anew when it is there, and go on without a manifest. */
  readonly force: boolean;
  /** Tell which paths changed. */
  readonly verbose?: boolean | undefined;
  /** A file with what another device found out when it compared, or for what this one finds out. */
  readonly hints?: string | undefined;
  /** The hash that the manifest must have, where somebody who is trusted said it. */
  readonly contentsHash?: Sha256 | undefined;
  /** Milliseconds that a server may be silent. */
  readonly patience?: number | undefined;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** What an update through rsync did. */
export type ClientUpdateResult = {
  readonly build: BuildName;
  readonly from: BuildName | null;
  /** `none`: it boots already; `switch`: it was on the device; `rsync`: it was fetched. */
  readonly plan: 'none' | 'switch' | 'rsync';
  /** Where it came from. */
  readonly source: string;
  /**
   * What the tree was checked against: a manifest that we understand, or the tree of the server itself, because the
   * manifest is of the original type (`opaque`) or there is none.
   */
  readonly checkedBy?: 'manifest' | 'comparison';
  readonly manifest?: 'olpc-contents-x' | 'opaque' | 'none';
  /** Paths that differ from the version before. */
  readonly changed?: number;
  readonly changes?: readonly PathChange[];
  /** 2: the first check failed, so that a part was fetched twice. */
  readonly rounds?: 1 | 2;
  /**
   * Paths that were not as they should be: of the version before, of which nothing damaged was taken; when the plan is
   * `switch`, of the build itself, and they are right again.
   */
  readonly damaged?: readonly string[];
  readonly bytesReceived: number;
  /** Runs of the rsync program. */
  readonly requests: number;
  readonly seconds: number;
  readonly rebootNeeded: boolean;
};
