import type { Clock } from '../base/clock.ts';
import type { Reporter } from '../base/progress.ts';
import type { Store } from '../store/store.ts';
import type { KeyRing } from '../trust/keys.ts';
import type { SigningRequest } from '../trust/signing-request.ts';
import type { RsyncLayout } from './layout.ts';

/** What a drop directory belongs to. */
export type DropContext = {
  readonly layout: RsyncLayout;
  readonly store: Store;
  /** A folder for packs while they are written, best on the store's own file system. */
  readonly spoolDirectory: string;
  readonly keys: KeyRing;
  readonly clock: Clock;
  /** Puts a request for the signature of an offline key where people find it, and gives its path. */
  readonly keepRequest: (request: SigningRequest) => string;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** How to refresh. */
export type RefreshOptions = DropContext & {
  /** Reads every set again, and replaces builds whose files have changed under the same name. */
  readonly force?: boolean | undefined;
  /** Tries again what failed although nothing has changed since; true when absent. */
  readonly retry?: boolean | undefined;
  /** Milliseconds for which files that are new must then stay as they are; 1000 when absent. */
  readonly settle?: number | undefined;
};
