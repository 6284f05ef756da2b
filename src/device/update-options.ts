import type { Clock } from '../base/clock.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { DeviceLayout } from './layout.ts';
import type { DeviceSession } from './session.ts';
import type { Choice } from './wanted.ts';

/**
 * Makes a small root in which this program runs before the system starts, from the files that it runs on now; those
 * that the version `from` has are linked. The words that start the program inside. Throws `in-place-not-installed`,
 * `in-place-kit-useless`.
 */
export type KitMaker = (options: {
  readonly layout: DeviceLayout;
  readonly from: BuildName;
  /** Absolute path; must not exist. */
  readonly kit: string;
  readonly signal?: AbortSignal | undefined;
}) => Promise<string>;

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
  /** Replace the version that runs at the next boot when there is no room beside it: how to make the root for that. */
  readonly inPlace?: KitMaker | undefined;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};
