import { createHash } from 'node:crypto';
import { throwIfCancelled } from '../base/cancel.ts';
import { decide, shareAt } from './decide.ts';
import { dayOf } from './rollout-holidays.ts';
import { type Edition, type VirtualOrigin, virtualOrigin } from './simulate-origin.ts';
import type { SimulatedDay, Simulation, SimulationResult } from './simulate-types.ts';
import {
  asking,
  beginning,
  type Dice,
  day,
  dice,
  hour,
  isEmpty,
  makeWorld,
  newBuild,
  oldBuild,
  question,
  type VirtualDevice,
  type VirtualReport,
  type VirtualSite,
} from './simulate-world.ts';

/** Everything that changes while a simulation goes on. */
type Run = {
  readonly simulation: Simulation;
  readonly sites: readonly VirtualSite[];
  readonly origin: VirtualOrigin;
  readonly throwDice: Dice;
  /** What each site that is not online was brought last. */
  readonly carried: Map<number, Edition>;
  haltedAfter: number | null;
  reason: SimulationResult['reason'];
  decisions: number;
  reports: number;
  late: number;
};

/**
 * Tries a rollout on devices that do not exist, in virtual time, hour by hour: they decide by the same rules, what they
 * tell is counted and judged as at an origin, sites that are not online hear and tell by a stick. Nothing but the
 * arguments decides what comes out. Throws `cancelled`.
 */
export function simulate(simulation: Simulation, signal?: AbortSignal): SimulationResult {
  const throwDice = dice(simulation.seed);
  const sites = makeWorld(simulation, throwDice);
  const origin = virtualOrigin(simulation.plan(sites), sites);
  const first = origin.edition();
  const run: Run = {
    ...{ simulation, sites, origin, throwDice },
    carried: new Map(
      sites.filter(({ stickDays }) => stickDays > 0).map(({ number }) => [number, nothing(first)]),
    ),
    ...{ haltedAfter: null, reason: null, decisions: 0, reports: 0, late: 0 },
  };
  const days: SimulatedDay[] = [];
  for (let number = 0; number < simulation.days; number += 1) {
    for (let at = 0; at < 24; at += 1) {
      throwIfCancelled(signal);
      oneHour(run, number, at);
    }
    days.push(endOfDay(run, number));
  }
  const { haltedAfter, reason, decisions, reports, late } = run;
  return { days, haltedAfter, reason, decisions, reports, late, digest: digestOf(sites) };
}

/** Before the first stick comes, a site knows of no new build. */
function nothing({ record, issued }: Edition): Edition {
  return { record: { ...record, halted: { reason: '', since: record.rollout?.began ?? '' } }, issued };
}

function oneHour(run: Run, number: number, at: number): void {
  const { origin, simulation } = run;
  const now = beginning + number * day + at * hour;
  const verdict = origin.look(now);
  if (verdict !== undefined) {
    run.haltedAfter = (now - beginning) / hour;
    run.reason = verdict.why;
  }
  for (const site of run.sites) {
    if (isEmpty(site, number, simulation)) continue;
    // The stick comes at noon: it brings what is signed, and takes the reports along.
    if (at === 12 && site.stickDays > 0 && number % site.stickDays === site.stickOn) exchange(run, site);
    for (const device of site.devices)
      if (device.hour === at && !device.dead && isPresent(run, device, number))
        visit(run, device, number, now);
  }
}

function isPresent({ simulation, throwDice }: Run, { number }: VirtualDevice, day: number): boolean {
  return throwDice(question.present, number, day) < simulation.world.present;
}

function exchange(run: Run, site: VirtualSite): void {
  run.carried.set(site.number, run.origin.edition());
  for (const report of site.waiting) run.origin.take(report);
  site.waiting = [];
}

/** A device is switched on, tells what it runs, and asks once. */
function visit(run: Run, device: VirtualDevice, number: number, now: number): void {
  start(device);
  if (device.dead) return;
  tell(run, device, { event: 'state', heard: now });
  const { record, issued } = run.carried.get(device.site.number) ?? run.origin.edition();
  run.decisions += 1;
  const decision = decide(record, asking(device), { issued, now: Math.max(now, issued) });
  if (decision.decision !== 'take') return;
  const result = { build: newBuild, from: oldBuild };
  const heard = now;
  if (run.throwDice(question.later, device.number, number) < run.simulation.world.later) {
    tell(run, device, { event: 'update', heard, result: { ...result, result: 'later' } });
    return;
  }
  if (run.haltedAfter !== null) run.late += 1;
  if (device.fate === 'failing') {
    device.harmed = true;
    tell(run, device, {
      event: 'update',
      heard,
      result: { ...result, result: 'failed', code: 'tree-damaged' },
    });
    return;
  }
  device.pending = true;
  tell(run, device, { event: 'update', heard, result: { ...result, result: 'done' } });
}

/** What was taken shows itself at the next start. */
function start(device: VirtualDevice): void {
  if (!device.pending) return;
  device.pending = false;
  if (device.fate === 'dying') {
    device.dead = true;
    device.harmed = true;
  } else device.running = newBuild;
}

type Told = Pick<VirtualReport, 'event' | 'heard' | 'result'>;

function tell(run: Run, device: VirtualDevice, told: Told): void {
  run.reports += 1;
  device.sequence += 1;
  const report = { ...told, device, sequence: device.sequence, running: device.running };
  if (device.site.stickDays > 0) device.site.waiting.push(report);
  else run.origin.take(report);
  // It was booted once, and is left again by itself.
  if (told.event === 'state' && device.fate === 'leaving' && device.running === newBuild) {
    device.running = oldBuild;
    device.harmed = true;
  }
}

function endOfDay({ sites, origin }: Run, number: number): SimulatedDay {
  const now = beginning + (number + 1) * day - 1;
  const { record, issued } = origin.edition();
  const devices = sites.flatMap((site) => site.devices);
  return {
    date: dayOf(now),
    share: record.halted === undefined ? shareAt(record.rollout!, issued) : 0,
    running: devices.filter(({ running, dead }) => running === newBuild && !dead).length,
    harmed: devices.filter(({ harmed }) => harmed).length,
    figures: origin.figures(now),
    halted: record.halted !== undefined,
  };
}

function digestOf(sites: readonly VirtualSite[]): string {
  const digest = createHash('sha256');
  for (const { devices } of sites)
    for (const { serial, running, dead, pending, sequence } of devices)
      digest.update(`${serial} ${running} ${dead} ${pending} ${sequence}\n`);
  return digest.digest('hex');
}
