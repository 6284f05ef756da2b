import type { BuildName } from '../base/identifiers.ts';
import type { AskingDevice } from './decision.ts';
import type { HealthReport } from './rollout-health.ts';
import type { SimulatedSite, Simulation } from './simulate-types.ts';

/** The build that devices have, and the one that is led to them. */
export const oldBuild = 'sim-1' as BuildName;
export const newBuild = 'sim-2' as BuildName;

/** Monday, so that weekends come where one expects them. */
export const beginning = Date.parse('2026-03-02T00:00:00Z');

export const hour = 3_600_000;
export const day = 24 * hour;

/** What a device is like once it takes the build; settled from its beginning, whenever that is. */
export type Fate = 'well' | 'failing' | 'leaving' | 'dying';

export type VirtualDevice = {
  readonly number: number;
  readonly serial: string;
  readonly site: VirtualSite;
  readonly fate: Fate;
  /** The hour of a day at which it talks to its site. */
  readonly hour: number;
  running: BuildName;
  /** It took the build and has not started it yet. */
  pending: boolean;
  dead: boolean;
  harmed: boolean;
  sequence: number;
};

export type VirtualSite = SimulatedSite & {
  readonly number: number;
  readonly devices: VirtualDevice[];
  /** Days between two sticks, and the first; 0: it is online. */
  readonly stickDays: number;
  readonly stickOn: number;
  readonly hasCut: boolean;
  /** Reports that wait for the stick. */
  waiting: VirtualReport[];
};

/** A report under way, with what the origin will see of it. */
export type VirtualReport = HealthReport & { readonly device: VirtualDevice };

/** A number from 0 to 9999 that depends on nothing but these. */
export type Dice = (...what: readonly number[]) => number;

/** Dice that fall the same whatever is thrown before (the finaliser of MurmurHash3 over each number). */
export function dice(seed: number): Dice {
  return (...what) => {
    let state = seed >>> 0;
    for (const number of what) {
      state = Math.imul(state ^ (number + 0x9e3779b9), 0x85ebca6b) >>> 0;
      state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35) >>> 0;
      state = (state ^ (state >>> 16)) >>> 0;
    }
    return state % 10_000;
  };
}

/** What is thrown for: each kind of question has its own dice. */
export const question = { fate: 1, hour: 2, stick: 3, stickDay: 4, cut: 5, present: 6, later: 7 } as const;

/** Makes the sites with their devices. */
export function makeWorld({ devices, sites, world }: Simulation, throwDice: Dice): VirtualSite[] {
  const made = Array.from({ length: sites }, (_, number): VirtualSite => {
    const hasStick = throwDice(question.stick, number) < world.sticks;
    const id = number.toString(16).padStart(16, '0');
    return {
      ...{ id, name: `site-${number + 1}`, parent: null, number, devices: [], waiting: [] },
      stickDays: hasStick ? world.stickDays : 0,
      stickOn: throwDice(question.stickDay, number) % Math.max(1, world.stickDays),
      hasCut: throwDice(question.cut, number) < world.cuts,
    };
  });
  for (let number = 0; number < devices; number += 1) {
    const site = made[number % sites]!;
    site.devices.push({
      ...{ number, site, serial: `SIM${String(number).padStart(8, '0')}` },
      fate: fateOf(throwDice(question.fate, number), world),
      hour: 8 + (throwDice(question.hour, number) % 8),
      ...{ running: oldBuild, pending: false, dead: false, harmed: false, sequence: 0 },
    });
  }
  return made;
}

function fateOf(thrown: number, { failing, leaving, dying }: Simulation['world']): Fate {
  if (thrown < failing) return 'failing';
  if (thrown < failing + leaving) return 'leaving';
  return thrown < failing + leaving + dying ? 'dying' : 'well';
}

/** True when nobody is at a place: a weekend, a holiday, or no power. */
export function isEmpty(site: VirtualSite, number: number, { world }: Simulation): boolean {
  if (number % 7 >= 5 || world.holidays.some(([from, to]) => from <= number && number <= to)) return true;
  return site.hasCut && number >= world.cutFrom && number < world.cutFrom + world.cutDays;
}

/** A device as the rules see it. */
export function asking({ serial, running }: VirtualDevice): AskingDevice {
  return {
    identity: serial,
    model: 'SIM',
    running: { build: running, sequence: running === oldBuild ? 1 : 2 },
    client: '0.1.0',
  };
}
