import { join } from 'node:path';
import type { ActivitiesUpdated } from '../activities/update-activities.ts';
import type { OatsUpdate } from '../advice/oats-answer.ts';
import type { Language } from '../base/catalogue.ts';
import type { Clock } from '../base/clock.ts';
import type { Reporter } from '../base/progress.ts';
import type { DeviceLayout } from '../device/layout.ts';
import { openTimeFloor } from '../trust/floor.ts';
import type { AskProgram } from './ask-program.ts';
import type { Moment, Uptime } from './moment.ts';

/** What the agent of a device works with. */
export type Agent = {
  readonly layout: DeviceLayout;
  readonly clock: Clock;
  readonly uptime: Uptime;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly ask: AskProgram;
  readonly reporter: Reporter;
  /** Of the person at the device. */
  readonly language: Language;
  /** Another source than the configured one. */
  readonly source?: string | undefined;
  /** Milliseconds that a source may be silent. */
  readonly patience?: number | undefined;
  /** Updates as a theft-deterrence server advises, on a device that follows no repository. */
  readonly followAdvice?: ((advice: OatsUpdate, signal: AbortSignal) => Promise<AdviceFollowed>) | undefined;
  /** Brings the activities of one home up to date, as its owner. */
  readonly updateActivities?: ((update: HomeUpdate) => Promise<ActivitiesUpdated>) | undefined;
  /** Sets the clock of the machine, to milliseconds since 1970. */
  readonly setClock?: ((time: number) => Promise<void>) | undefined;
  /** Starts the machine anew. */
  readonly restart?: (() => Promise<void>) | undefined;
  /** Milliseconds between two looks at the surroundings while content is fetched. */
  readonly watchEvery?: number | undefined;
  readonly signal: AbortSignal;
};

/** A home whose activities are to be brought. */
export type HomeUpdate = {
  readonly home: string;
  readonly bytesPerSecond?: number | undefined;
  readonly signal: AbortSignal;
};

/** What came of advice. */
export type AdviceFollowed = {
  readonly changed: boolean;
  readonly rebootNeeded: boolean;
  readonly bytesReceived: number;
};

/** A clock that agrees to the minute with the origin's is rare; a day is what somebody should set right. */
const clockTolerance = 86_400_000;

/** What time it is for a device, whatever its clock says. */
export function momentOf({ layout, clock, uptime }: Pick<Agent, 'layout' | 'clock' | 'uptime'>): Moment {
  const floor = openTimeFloor(join(layout.trust, 'floor'), clock);
  return { wall: floor.now(), isClockRight: floor.clockBehind() < clockTolerance, ...uptime() };
}
