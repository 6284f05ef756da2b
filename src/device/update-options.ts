import type { Clock } from '../base/clock.ts';
import type { Reporter } from '../base/progress.ts';
import type { DeviceSession } from './session.ts';
import type { Choice } from './wanted.ts';

/** What an update is asked to do. */
export type UpdateOptions = {
  readonly session: DeviceSession;
  readonly choice: Choice;
  readonly clock: Clock;
  /** Most bytes to read from the source for the content. */
  readonly maximumBytes?: number | undefined;
  /** Upper limit in bytes a second. */
  readonly bytesPerSecond?: number | undefined;
  /** Read the whole new tree once more before the switch. */
  readonly verifyFully?: boolean | undefined;
  /**
   * Asked when the build is complete on the device and before it becomes what boots next: false leaves it there for
   * another time. Absent: it is switched to.
   */
  readonly maySwitch?: (() => Promise<boolean>) | undefined;
  /** Remove the version that one could go back to first, to make room. */
  readonly reclaim?: boolean | undefined;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};
