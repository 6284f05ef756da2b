/** The part of a round that people see: sentences, and a machine that starts anew. */

import type { DeviceLayout } from '../device/layout.ts';
import { openBootPointer } from '../device/open-boot-pointer.ts';
import { runningVersion } from '../device/running-version.ts';
import { momentOf } from './agent.ts';
import { attemptWrite } from './attempt-write.ts';
import { whySwitchLater } from './conditions.ts';
import { agentLayout } from './layout.ts';
import { heldLease } from './lease-file.ts';
import { failureNotices, lookedIn } from './look-after-trial.ts';
import { lookAround } from './look-around.ts';
import { leaseNotice, type Notice, showNotices, tellNotices } from './notice.ts';
import { dayOf, remember, type Work } from './round-work.ts';
import { sealedIn } from './seal-round.ts';
import { countsAsStolen } from './stolen-word.ts';

/** What the person at the device has to know now. */
export function noticesOf({ agent, settings, trust, stolen }: Work): Notice[] {
  const { layout } = agent;
  const held = heldLease(agentLayout(layout).lease, trust);
  const isStolen = countsAsStolen(stolen);
  const isLeaseAll = held !== undefined && !trust.isActivated && !isStolen;
  const ending = isLeaseAll ? leaseNotice(held.ends, momentOf(agent).wall, settings.warnDays) : undefined;
  const build = isRestartNeeded(layout) ? openBootPointer(layout).read().current : undefined;
  return [
    ...(ending === undefined ? [] : [ending]),
    ...failureNotices({ agent }),
    ...(isStolen ? [{ code: 'agent-stolen', parameters: {} } as const] : []),
    ...(build === undefined ? [] : [{ code: 'agent-restart', parameters: { build } } as const]),
  ];
}

/** Shows and tells the sentences; a lesson is not interrupted, the file for the desktop is there all the same. */
export async function giveNotice(work: Work, notices: readonly Notice[]): Promise<void> {
  const { agent, settings, told } = work;
  attemptWrite(work.failures, () => showNotices(agent, notices));
  const today = dayOf(agent);
  const isNews = notices.some(({ code }) => told[code] !== today);
  const isQuiet = isNews && (await lookAround(agent, settings)).quiet !== undefined;
  if (!isQuiet) {
    const now = await tellNotices(agent, notices, { notify: settings.notify, told, today });
    const kept = Object.entries(told).filter(([name]) => notForPeople.has(name));
    work.told = { ...now, ...Object.fromEntries(kept) };
  }
  remember(work);
}

/**
 * True when the machine is to be started anew now: the operator wants it, another version boots next than runs, nobody is
 * disturbed, and it was not tried today already.
 */
export async function mayRestart({ agent, settings, told }: Work): Promise<boolean> {
  if (!settings.restart || agent.restart === undefined || !isRestartNeeded(agent.layout)) return false;
  if (told[restarted] === dayOf(agent)) return false;
  return whySwitchLater(await lookAround(agent, settings), settings) === undefined;
}

/** Under what the day of the last restart is remembered. */
export const restarted = 'restarted';

/** What is remembered beside the sentences. */
const notForPeople = new Set([restarted, lookedIn, sealedIn]);

/** Only where an initramfs tells what was booted: elsewhere a restart might change nothing, again and again. */
export function isRestartNeeded(layout: DeviceLayout): boolean {
  const running = runningVersion(layout);
  return running !== undefined && running !== openBootPointer(layout).read().current;
}
