/** The part of a round that asks: theft-deterrence servers, and the repository that the device follows. */
import type { OatsUpdate } from '../advice/oats-answer.ts';
import { isSatchelError } from '../base/errors.ts';
import { type BuildName, buildName } from '../base/identifiers.ts';
import { askAdvice, isEnrolled } from '../device/ask-advice.ts';
import { readConfiguration } from '../device/configuration.ts';
import { openBootPointer } from '../device/open-boot-pointer.ts';
import { type DeviceSession, openSession } from '../device/session.ts';
import { failureOf } from '../device/trial-failures.ts';
import { defaultGroup } from '../repository/group-record.ts';
import { groupTarget } from '../repository/layout.ts';
import { type Agent, momentOf } from './agent.ts';
import { attemptWrite } from './attempt-write.ts';
import { bringBuild, choiceOf, noteLater, tellSource } from './bring-build.ts';
import { whyAdviceLater, whySwitchLater } from './conditions.ts';
import { agentLayout } from './layout.ts';
import { heldLease, takeLease } from './lease-file.ts';
import { isBeingProven } from './look-after-trial.ts';
import { lookAround, whileAllowed } from './look-around.ts';
import { isAbsence } from './oats-ask.ts';
import { stillReady, switchToReady } from './ready-version.ts';
import { noteGroups } from './round-activities.ts';
import { remember, type Work } from './round-work.ts';
import { isLeaseDue } from './schedule.ts';
import { applyLease, askAboutTheft, hearList } from './theft.ts';

/** Asks the theft-deterrence servers. On a device that follows no repository their advice is followed too. */
export async function askServers(work: Work): Promise<void> {
  const { agent, settings, trust } = work;
  work.hasAsked = true;
  const held = heldLease(agentLayout(agent.layout).lease, trust);
  const theft = await askAboutTheft(agent, {
    ...{ trust, settings, stolen: work.stolen, hasLease: held !== undefined },
    isLeaseDue: isLeaseDue({ success: work.before.success, now: momentOf(agent), leaseEnds: held?.ends }),
  });
  work.theft = theft;
  work.stolen = theft.stolen;
  if (theft.lease !== undefined) work.lease = theft.lease;
  if (theft.failure !== undefined) {
    work.failures.push(theft.failure);
    work.hasAnswer = theft.lease !== undefined;
  }
  remember(work);
  const { update } = theft;
  if (update !== undefined && sourceOf(agent) === undefined)
    await attempt(work, () => followAdvice(work, update));
}

/** Asks the repository that the device follows, if it follows one. */
export async function askSource(work: Work): Promise<void> {
  const { agent } = work;
  if (sourceOf(agent) === undefined) return;
  work.hasAsked = true;
  await attempt(work, async () => {
    let session: DeviceSession;
    try {
      session = await openSession({ ...agent, root: agent.layout.root });
    } catch (error) {
      work.hasAnswer = false;
      work.isSourceAway = true;
      return goWithoutSource(work, error);
    }
    try {
      await lookAtSource(work, session);
    } finally {
      await session.close();
    }
  });
}

async function lookAtSource(work: Work, session: DeviceSession): Promise<void> {
  const { agent, settings, trust } = work;
  work.stolen = await hearList(session, trust.serial, work.stolen, agent.signal);
  // First the word and then the deed: a power cut between them is made good by the next round.
  remember(work);
  attemptWrite(work.failures, () => applyLease(agent, work.stolen));
  if (work.isWhole && isEnrolled(session)) await attempt(work, () => askWithKey(work, session));
  await attempt(work, async () => {
    const choice = choiceOf(agent, settings);
    if (choice === undefined || isBeingProven(agent) || (await hasOnlyActivities(session, agent.signal)))
      return;
    const { waiting, brought } = await bringBuild(agent, session, {
      choice,
      settings,
      waiting: work.waiting,
    });
    work.waiting = waiting;
    if (brought !== undefined) work.brought = brought;
  });
  if (work.isWhole) await attempt(work, () => noteGroups(work, session));
  await tellSource(agent, session);
}

/** An origin may publish activities and no builds: then there is no stream to miss. */
async function hasOnlyActivities(
  { client }: Pick<DeviceSession, 'client'>,
  signal: AbortSignal,
): Promise<boolean> {
  if (client.targetPaths('streams').length > 0) return false;
  return (await client.locate(groupTarget(defaultGroup), { signal })) !== undefined;
}

/**
 * A device with a key of its own asks the source for its lease, and tells its reports in the same request. What it hears
 * is not signed but for the lease; whether it is stolen and what it is to run it has from the signed metadata.
 */
async function askWithKey(work: Work, session: DeviceSession): Promise<void> {
  const { agent, trust } = work;
  const { layout, clock, signal } = agent;
  try {
    const { lease } = await askAdvice(session, { clock, signal });
    forgiveAbsence(work);
    if (lease === undefined) return;
    const taken = applyLease(agent, work.stolen, () =>
      takeLease(agentLayout(layout).lease, lease, trust, {
        now: momentOf(agent).wall,
        canTrustUnchecked: false,
      }),
    );
    if (taken !== undefined) work.lease = taken;
  } catch (error) {
    // A directory answers nobody, and not every place gives advice.
    if (!isSatchelError(error, 'advice-no-way', 'advice-unavailable')) throw error;
  }
}

/** Where the source answers for the lease too, nobody misses theft-deterrence servers that are away. */
function forgiveAbsence(work: Work): void {
  const { failures, theft } = work;
  if (theft?.failure === undefined || !isAbsence(theft.failure)) return;
  failures.splice(failures.indexOf(theft.failure), 1);
  work.hasAnswer = true;
}

/** A device without a link still switches to what it fetched when it had one. Throws `failure` when it has nothing. */
async function goWithoutSource(work: Work, failure: unknown): Promise<void> {
  const { agent, settings } = work;
  const ready = stillReady(agent.layout, work.waiting.ready);
  work.waiting = { ...work.waiting, ready };
  if (!isSatchelError(failure) || failure.code === 'cancelled' || ready === undefined) throw failure;
  const why = whySwitchLater(await lookAround(agent, settings), settings);
  if (why !== undefined || !(await switchToReady(agent, ready))) throw failure;
  work.waiting = {};
  work.brought = { build: ready.build, result: 'switched', bytesReceived: 0, rebootNeeded: true };
}

/** Follows the advice that has waited for its moment. */
export async function followLate(work: Work): Promise<void> {
  const { advice } = work.waiting;
  if (advice !== undefined) await attempt(work, () => followAdvice(work, advice));
}

async function followAdvice(work: Work, advice: OatsUpdate): Promise<void> {
  const { agent, settings } = work;
  if (agent.followAdvice === undefined || choiceOf(agent, settings) === undefined) return;
  const { followAdvice: follow } = agent;
  const judge = async () => whyAdviceLater(advice.priority, await lookAround(agent, settings), settings);
  const build = buildName(advice.name);
  if (staysAfterFailure(work, build)) return;
  const why = await judge();
  const done =
    why === undefined ? await whileAllowed(agent, judge, (signal) => follow(advice, signal)) : { why };
  if ('why' in done) {
    const { quiet, power } = await lookAround(agent, settings);
    const where = { who: quiet?.who ?? '', level: power.battery ?? 0 };
    const later = noteLater(agent, { build, why: done.why, from: null, before: work.waiting, ...where });
    work.waiting = { later, advice };
    work.brought = { build, result: 'later', later: done.why, bytesReceived: 0, rebootNeeded: false };
    return;
  }
  const { changed, ...followed } = done.result;
  work.waiting = {};
  work.brought = { build, result: changed ? 'switched' : 'current', ...followed };
}

/** What did not prove itself here is not taken again by itself: who wants it all the same names it. */
function staysAfterFailure(work: Work, build: BuildName): boolean {
  const { layout, reporter } = work.agent;
  const failed = failureOf(layout, build);
  const { current } = openBootPointer(layout).read();
  if (failed === undefined || current === undefined || current === build) return false;
  reporter.notice(`trial-stays-${failed.reason}`, { stream: 'OATS', build, current });
  work.waiting = {};
  work.brought = { build: current, result: 'current', bytesReceived: 0, rebootNeeded: false };
  return true;
}

/** What fails here does not keep the rest from being done. Throws `cancelled`, and bugs. */
async function attempt(work: Work, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!isSatchelError(error) || error.code === 'cancelled') throw error;
    work.failures.push(error);
  }
}

function sourceOf({ layout, source }: Agent): string | undefined {
  return source ?? readConfiguration(layout)?.source;
}
