/** What a test orders from a child process that runs under `crash-point.ts`, and what the child writes down. */

/** The environment variable that carries the order as JSON. */
export const crashVariable = 'SATCHEL_TEST_CRASH_POINT';

/** One call at the system border: what is called, on which paths, and which time of several it is. */
export type CrashPoint = {
  /** The call and its paths below the scratch folder; everything random in them is `#`. */
  readonly label: string;
  /** 1 for the first such call of a run, over all threads. */
  readonly occurrence: number;
};

/** What happens at a point. `half` writes the first half of the bytes, then ends the process. */
export type CrashAction =
  | { readonly end: 'before' | 'half' | 'after' }
  /** The call is not made and fails with this error; `forGood`: so does all that needs space from then on. */
  | { readonly fail: 'ENOSPC' | 'EIO'; readonly forGood: boolean };

export type CrashOrder = {
  /** Only calls on paths below this folder count. */
  readonly root: string;
  /** Where to write one line a call; absent: nowhere. */
  readonly log?: string;
  readonly at?: CrashPoint & CrashAction;
};

/** A line of the log. */
export type LoggedCall = {
  /** `begin` before the call, `end` after it has succeeded; one that failed has no end. */
  readonly moment: 'begin' | 'end';
  readonly label: string;
  /** Name of the call without `Sync` or its thread: `rename`, `fsync`, `syncfs`. */
  readonly call: string;
  /** Paths as they were passed, or as the descriptor had them. */
  readonly paths: readonly string[];
};
