/** The part of a round that is about a version on trial: it needs no network, and comes first. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isSatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { readBootFacts } from '../device/boot-facts.ts';
import { keepIfDue } from '../device/keep.ts';
import type { DeviceLayout } from '../device/layout.ts';
import { lockDevice } from '../device/lock.ts';
import { openBootPointer } from '../device/open-boot-pointer.ts';
import { runningVersion } from '../device/running-version.ts';
import { collectTrash } from '../device/trash.ts';
import { activeTrial, readTrial } from '../device/trial.ts';
import { checkBoot } from '../device/trial-check.ts';
import { failedBuilds } from '../device/trial-failures.ts';
import { settleTrial } from '../device/trial-settle.ts';
import { type Agent, momentOf } from './agent.ts';
import { attemptWrite } from './attempt-write.ts';
import type { Notice } from './notice.ts';
import { remember, type Work } from './round-work.ts';

/** For so long, in milliseconds, people are told that a version did not work. */
const toldFor = 3 * 86_400_000;

/** So long, in milliseconds, a system may take until it makes sense to look at it. */
const settled = 120_000;

/** By then a unit of systemd has looked, or there is none. */
const checkedBy = 15 * 60_000;

/** Under what it is remembered in which boot the agent has looked at the health. */
export const lookedIn = 'trial-boot';

/**
 * Tells of a version that was left, keeps one that was lived with long enough, and where no unit of ours has
 * done it looks at the health of what runs, once in each boot. Gives what was kept. While another command
 * changes the device there is time until the next round.
 */
export async function lookAfterTrial(work: Work): Promise<BuildName | undefined> {
  const { layout } = work.agent;
  const trial = readTrial(layout);
  if (trial === undefined || (trial.state === 'failed' && trial.told)) return undefined;
  let kept: BuildName | undefined;
  attemptWrite(work.failures, () => {
    kept = settleAndKeep(work);
  });
  if (kept !== undefined || !isForUs(work)) return kept;
  return proveHere(work);
}

function settleAndKeep({ agent }: Work): BuildName | undefined {
  const { layout, clock } = agent;
  try {
    using _lock = lockDevice(layout);
    settleTrial({ layout, clock });
    const kept = keepIfDue({ layout, clock });
    if (kept !== undefined) collectTrash(layout);
    return kept?.build;
  } catch (error) {
    if (isSatchelError(error, 'update-running')) return undefined;
    throw error;
  }
}

/** True while the checks are still to come: an update now would run them before the system is up. */
export function isBeingProven({ layout, uptime }: Pick<Agent, 'layout' | 'uptime'>): boolean {
  return isUnproven(layout) && uptime().uptime < looksFrom(layout);
}

function isForUs({ agent: { layout, uptime }, told }: Work): boolean {
  const { boot, uptime: up } = uptime();
  return isUnproven(layout) && up >= looksFrom(layout) && told[lookedIn] !== boot;
}

function isUnproven(layout: DeviceLayout): boolean {
  const trial = activeTrial(layout);
  return trial !== undefined && trial.state !== 'proven' && runningVersion(layout) === trial.build;
}

/** From which moment of a boot on the agent looks itself; where our initramfs and systemd are, a unit comes first. */
function looksFrom(layout: DeviceLayout): number {
  const hasUnit = readBootFacts(layout) !== undefined && existsSync(join(layout.root, 'run/systemd/system'));
  return hasUnit ? checkedBy : settled;
}

async function proveHere(work: Work): Promise<BuildName | undefined> {
  const { agent } = work;
  const { layout, clock, reporter, signal } = agent;
  // First the word: a version whose check takes the machine down has failed in this boot all the same.
  work.told = { ...work.told, [lookedIn]: agent.uptime().boot };
  remember(work);
  try {
    const { outcome, build } = await checkBoot({ layout, clock, reporter, signal, mayGoBack: true });
    if (outcome !== 'kept' || build === null) return undefined;
    collectTrash(layout);
    return build;
  } catch (error) {
    if (!isSatchelError(error) || error.code === 'cancelled') throw error;
    work.failures.push(error);
    return undefined;
  }
}

/** What the person at the device has to know about a version that did not work. */
export function failureNotices({ agent }: Pick<Work, 'agent'>): Notice[] {
  const failed = failedBuilds(agent.layout).at(-1);
  if (failed === undefined || failed.reason === 'user') return [];
  const isNews = Math.abs(momentOf(agent).wall - Date.parse(failed.at)) < toldFor;
  const { current: previous } = openBootPointer(agent.layout).read();
  if (!isNews || previous === undefined || previous === failed.build) return [];
  return [{ code: 'agent-trial-failed', parameters: { build: failed.build, previous } }];
}
