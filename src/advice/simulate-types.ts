import type { RolloutFigures } from './rollout-health.ts';
import type { RolloutPlan } from './rollout-plan.ts';

/** A rollout that is tried on devices that do not exist. All shares are of 10000. */
export type Simulation = {
  /** The same number gives the same simulation, to the last device. */
  readonly seed: number;
  readonly devices: number;
  readonly sites: number;
  /** How long to go on. */
  readonly days: number;
  readonly plan: (sites: readonly SimulatedSite[]) => RolloutPlan;
  readonly world: SimulatedWorld;
};

/** How the devices and their places behave. */
export type SimulatedWorld = {
  /** Devices on which the update fails each time. */
  readonly failing: number;
  /** Devices that leave the build again when they boot it. */
  readonly leaving: number;
  /** Devices that never start again. */
  readonly dying: number;
  /** Times at which whoever uses a device says "later". */
  readonly later: number;
  /** Devices that are at school on a day. */
  readonly present: number;
  /** Sites that are never online: a stick comes every `stickDays` days. */
  readonly sticks: number;
  readonly stickDays: number;
  /** Days on which nobody comes anywhere: from and to, counted from 0, both included. */
  readonly holidays: readonly (readonly [from: number, to: number])[];
  /** Sites that have no power from `cutFrom` on for `cutDays` days. */
  readonly cuts: number;
  readonly cutFrom: number;
  readonly cutDays: number;
};

/** A site that does not exist. */
export type SimulatedSite = {
  readonly id: string;
  readonly name: string;
  readonly parent: string | null;
};

/** How things stood at the end of a day. */
export type SimulatedDay = {
  /** `2026-03-02`. */
  readonly date: string;
  /** Share of 10000 that may take the build. */
  readonly share: number;
  /** Devices that really run the build, or tried to and came to harm. */
  readonly running: number;
  readonly harmed: number;
  /** What the origin knows. */
  readonly figures: RolloutFigures;
  readonly halted: boolean;
};

/** What came of it. */
export type SimulationResult = {
  readonly days: readonly SimulatedDay[];
  /** Hours after the beginning at which the origin halted the rollout; null: it did not. */
  readonly haltedAfter: number | null;
  readonly reason: 'failed' | 'left' | 'silent' | null;
  readonly decisions: number;
  readonly reports: number;
  /** Devices that took the build after the halt, because the news had not reached their site yet. */
  readonly late: number;
  /** SHA-256 of what every device ran in the end. */
  readonly digest: string;
};
