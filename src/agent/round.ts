/**
 * One round of the agent: is it time to ask; what is there to ask, and to do about the answers; what does the person have
 * to know. Rounds may come as often as anybody likes, from a timer, a daemon or a person: most of them read a few small
 * files and do nothing. However long a device was off, one round catches up with all of it.
 */
import { dirname } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { requireDevice } from '../device/layout.ts';
import { removeTemporaries } from '../os/atomic-file.ts';
import { lockHolder, tryLock } from '../os/file-lock.ts';
import { type Agent, momentOf } from './agent.ts';
import { attemptWrite } from './attempt-write.ts';
import type { Brought } from './bring-build.ts';
import { whyFetchLater, whySwitchLater } from './conditions.ts';
import { agentLayout, makeAgentFolder, requireAgentInside } from './layout.ts';
import { heldLease, type LeaseTaken } from './lease-file.ts';
import { type LaptopTrust, readLaptopTrust } from './lease-keys.ts';
import { lookAfterTrial } from './look-after-trial.ts';
import { lookAround } from './look-around.ts';
import { bringActivities } from './round-activities.ts';
import { askServers, askSource, followLate } from './round-asking.ts';
import { giveNotice, mayRestart, noticesOf, restarted } from './round-people.ts';
import { beginWork, dayOf, type HomeLooked, remember, type Work } from './round-work.ts';
import { type Schedule, whenToAsk } from './schedule.ts';
import { sealWhatRuns } from './seal-round.ts';
import { readAgentSettings } from './settings.ts';
import { type AgentState, readAgentState } from './state.ts';
import { countsAsStolen } from './stolen-word.ts';

/** What a round did. */
export type Round = {
  /** Whether anybody was asked, and why, or why not yet. */
  readonly asked: boolean;
  readonly because: Schedule['because'] | 'wanted';
  /** Seconds until it is time again by itself; 0 when it asked. */
  readonly wait: number;
  /** The theft-deterrence server that answered. */
  readonly server?: string | undefined;
  /** What became of a lease that came. */
  readonly lease?: LeaseTaken | undefined;
  /** When the lease of this laptop ends, ISO 8601 or `never`; absent without one. */
  readonly leaseEnds?: string | undefined;
  readonly stolen: boolean;
  readonly update?: Brought | undefined;
  /** The homes whose activities were looked after; absent where there is none. */
  readonly activities?: readonly HomeLooked[] | undefined;
  /** A version on trial that is kept from now on. */
  readonly kept?: BuildName | undefined;
  /** Sentences for the person at the device, by code. */
  readonly notices: readonly string[];
  readonly restarting: boolean;
  /** What went wrong; the rest was done all the same. */
  readonly failures: readonly SatchelError[];
};

/**
 * Does one round. `force`: asks whether or not it is time. Throws `device-not-initialised`, `agent-running`, `cancelled`
 * and what is wrong with the settings; what goes wrong in asking and updating stands in the result.
 */
export async function runRound(
  agent: Agent,
  { force = false }: { readonly force?: boolean } = {},
): Promise<Round> {
  const { layout } = agent;
  const files = agentLayout(layout);
  requireDevice(layout);
  requireAgentInside(layout);
  makeAgentFolder(files);
  using lock = tryLock(files.lock);
  if (lock === undefined) throw new SatchelError('agent-running', { process: lockHolder(files.lock) ?? '?' });
  // What cannot be tidied up now is no reason to do nothing.
  for (const folder of [files.directory, layout.security, layout.sticky, dirname(files.notice)])
    attemptWrite([], () => removeTemporaries(folder, { olderThanMs: leftAfter }));
  const settings = readAgentSettings(files);
  const trust = readLaptopTrust(layout);
  const before = readAgentState(files);
  const schedule = scheduleOf(agent, trust, before);
  const isWhole = force || schedule.ask;
  const work = beginWork({ agent, settings, trust, before, isWhole });
  const kept = await lookAfterTrial(work);
  if (isWhole) {
    await askServers(work);
    await askSource(work);
  } else await lookAfterWaiting(work, schedule);
  await sealWhatRuns(work);
  await bringActivities(work);
  const notices = noticesOf(work);
  await giveNotice(work, notices);
  const restarting = await restart(work);
  return roundOf(work, { force, schedule, notices: notices.map(({ code }) => code), restarting, kept });
}

/** Nobody writes a small file for so long, in milliseconds: what is older was left by a killed process. */
const leftAfter = 3600_000;

/** When to ask, by what is remembered. */
export function scheduleOf(agent: Agent, trust: LaptopTrust, state: AgentState): Schedule {
  const held = heldLease(agentLayout(agent.layout).lease, trust);
  return whenToAsk({ ...state, draw: state.draw ?? 0.5, now: momentOf(agent), leaseEnds: held?.ends });
}

/** Looks after what waits, if its moment has come, although it is not time to ask. */
async function lookAfterWaiting(work: Work, schedule: Schedule): Promise<void> {
  const { agent, settings } = work;
  const { later, ready, advice } = work.waiting;
  // A build that is ready and was taken back meanwhile is for the next question, not for every round.
  if (later === undefined) return;
  if (!schedule.ask && schedule.because === 'failed') return;
  if (advice !== undefined) return followLate(work);
  const conditions = await lookAround(agent, settings);
  const why = ready === undefined ? whyFetchLater : whySwitchLater;
  if (why(conditions, settings) === undefined) await askSource(work);
}

/** The day is written down first, so that a machine which comes back with the same version does not do it again. */
async function restart(work: Work): Promise<boolean> {
  if (!(await mayRestart(work))) return false;
  work.told = { ...work.told, [restarted]: dayOf(work.agent) };
  if (!remember(work)) return false;
  await work.agent.restart?.();
  return true;
}

function roundOf(
  work: Work,
  {
    force,
    schedule,
    notices,
    restarting,
    kept,
  }: Pick<Round, 'notices' | 'restarting' | 'kept'> & {
    readonly force: boolean;
    readonly schedule: Schedule;
  },
): Round {
  const { agent, trust, theft, lease, stolen, brought, failures } = work;
  const held = heldLease(agentLayout(agent.layout).lease, trust);
  const wait = force || schedule.ask ? 0 : Math.ceil(schedule.wait / 1000);
  return {
    asked: force || schedule.ask,
    because: force && !schedule.ask ? 'wanted' : schedule.because,
    wait,
    server: theft?.server,
    lease,
    leaseEnds: held && timeText(held.ends),
    stolen: countsAsStolen(stolen),
    update: brought,
    activities: work.homes.length === 0 ? undefined : work.homes,
    kept,
    notices,
    restarting,
    failures,
  };
}

/** ISO 8601, or `never`. */
export function timeText(time: number): string {
  return Number.isFinite(time) ? new Date(time).toISOString() : 'never';
}
