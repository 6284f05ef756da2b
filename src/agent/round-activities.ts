/** The part of a round that is about activities: it has each home of this device brought up to date, after the OS. */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { homeLayout } from '../activities/home.ts';
import { isSatchelError } from '../base/errors.ts';
import { readConfiguration } from '../device/configuration.ts';
import type { DeviceSession } from '../device/session.ts';
import { listIfThere } from '../os/if-there.ts';
import { defaultGroup } from '../repository/group-record.ts';
import { groupTarget } from '../repository/layout.ts';
import type { Agent } from './agent.ts';
import { choiceOf } from './bring-build.ts';
import { whyFetchLater } from './conditions.ts';
import { lookAround, whileAllowed } from './look-around.ts';
import type { HomeLooked, Work } from './round-work.ts';

/** The home that laptops have always had: it gets activities without anybody's asking. */
const laptopUser = 'olpc';

/**
 * Notes whether the source has activities for a laptop on which nobody has asked for any yet. Throws what the source and
 * the checks of its metadata throw.
 */
export async function noteGroups(work: Work, { client }: Pick<DeviceSession, 'client'>): Promise<void> {
  const { agent, settings } = work;
  const home = join(agent.layout.home, laptopUser);
  if (!settings.activities || !isFolder(home) || isLookedAfter(home)) return;
  work.hasGroups = (await client.locate(groupTarget(defaultGroup), { signal: agent.signal })) !== undefined;
}

/**
 * Brings the activities of each home up to date, in hours and on links in which content may be fetched; else they wait.
 * What fails is a failure of the round, and the next home is looked after all the same. Throws `cancelled`, and bugs.
 */
export async function bringActivities(work: Work): Promise<void> {
  if (!isWanted(work)) {
    work.homesLater = [];
    return;
  }
  // Without a source there is nothing to bring, and the next question is whole again.
  if (work.isSourceAway) return;
  const homes = work.isWhole ? homesOf(work) : homesThatWait(work);
  work.homesLater = [];
  for (const home of homes) work.homes.push(await lookAfterHome(work, home));
}

async function lookAfterHome(work: Work, home: string): Promise<HomeLooked> {
  const { agent, settings } = work;
  const { updateActivities: update } = agent;
  const nothing = { home, updated: [], bytesReceived: 0 };
  const judge = async () => whyFetchLater(await lookAround(agent, settings), settings);
  const options = { home, bytesPerSecond: settings.limitRate || undefined };
  const why = await judge();
  try {
    const done =
      why === undefined
        ? await whileAllowed(agent, judge, (signal) => update!({ ...options, signal }))
        : { why };
    if ('why' in done) {
      work.homesLater = [...work.homesLater, home];
      return { ...nothing, result: 'later', later: done.why };
    }
    work.hasAsked = true;
    const { updated, bytesReceived } = done.result;
    return { home, result: updated.length === 0 ? 'current' : 'updated', updated, bytesReceived };
  } catch (error) {
    if (!isSatchelError(error) || error.code === 'cancelled') throw error;
    work.hasAsked = true;
    // A link that is down is down for all homes.
    if (!work.failures.some(({ message }) => message === error.message)) work.failures.push(error);
    return { ...nothing, result: 'failed' };
  }
}

/** As for builds: nothing comes to a device whose updates are off or whose stream is `none`. */
function isWanted({ agent, settings }: Work): boolean {
  if (!settings.activities || agent.updateActivities === undefined) return false;
  return sourceOf(agent) !== undefined && mayFollow(agent, settings);
}

/** Settings that cannot be read are a failure already, of the part that is about builds. */
function mayFollow(agent: Agent, settings: Work['settings']): boolean {
  try {
    return choiceOf(agent, settings) !== undefined;
  } catch (error) {
    if (!isSatchelError(error)) throw error;
    return false;
  }
}

function sourceOf({ layout, source }: Agent): string | undefined {
  return source ?? readConfiguration(layout)?.source;
}

function homesOf({ agent, hasGroups }: Work): string[] {
  const { home: folder } = agent.layout;
  return listIfThere(folder)
    .sort()
    .filter((name) => isLookedAfter(join(folder, name)) || (name === laptopUser && hasGroups))
    .map((name) => join(folder, name));
}

/** After a failure it is the next question that tries again, later and later. */
function homesThatWait({ agent, before, homesLater }: Work): readonly string[] {
  if (before.failures > 0) return [];
  const { home: folder } = agent.layout;
  const there = new Set(listIfThere(folder).map((name) => join(folder, name)));
  return homesLater.filter((home) => there.has(home) && isFolder(home));
}

/** True for a home in which somebody has asked for activities before. Nothing is written there as root. */
function isLookedAfter(home: string): boolean {
  return isFolder(home) && isFolder(homeLayout(home).place.own);
}

function isFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}
