import type { Fields } from '../base/fields.ts';
import { type BuildName, buildName } from '../base/identifiers.ts';
import { type DeviceSet, parseDeviceSet } from './device-set.ts';

/** How a new head reaches devices. In the signed record of a stream; a head without it goes to everybody at once. */
export type Rollout = {
  /** 16 hex digits, new for each rollout, so that it is not always the same devices that come first. */
  readonly salt: string;
  /** UTC. */
  readonly began: string;
  /** In the order of time; before the first nobody has a share. At most {@link mostSteps}. */
  readonly steps: readonly RolloutStep[];
  /** These at once, whatever the share. */
  readonly early?: Group;
  /** Everybody else stays on what they have. */
  readonly only?: Group;
  /** UTC. Nobody before. */
  readonly notBefore?: string;
  /** When nothing changes on a device: exams, for example. At most {@link mostQuietTimes}. */
  readonly quiet?: readonly QuietTime[];
  /** Time stands still from `since` on; to go on, `began` moves by the length of the pause. */
  readonly paused?: { readonly reason: string; readonly since: string };
  /** These stay untouched until `until` seconds after `began`; then they follow. */
  readonly reserved?: { readonly devices: DeviceSet; readonly until: number };
  /** When the origin halts the stream by itself. Devices take no notice of it. */
  readonly automatic?: AutomaticHalt;
};

/** From `after` seconds since the rollout began, so many of 10000 devices. */
export type RolloutStep = { readonly share: number; readonly after: number };

/** From and to in UTC; `to` is no longer part of it. */
export type QuietTime = { readonly from: string; readonly to: string; readonly reason: string };

/** Shares of 10000 of the devices that took the build, once at least so many did. */
export type AutomaticHalt = {
  readonly failed: number;
  readonly silent: number;
  readonly atLeast: number;
  /** Seconds without a report after which a device is silent. */
  readonly silentAfter: number;
};

/** Devices that any of these hold for; nobody when it is empty. */
export type Group = {
  /** Serial numbers, exact or with `*` (any characters) and `?` (one). */
  readonly serials?: readonly string[];
  /** The same. */
  readonly models?: readonly string[];
  /** What they run. */
  readonly builds?: readonly BuildName[];
  readonly devices?: DeviceSet;
};

/** A build that may not be passed over on the way to the head. */
export type Waypoint = {
  readonly build: BuildName;
  readonly sequence: number;
  /** As in the record of the build. */
  readonly minimumClient: string;
};

/** The head is older than what some devices run, on purpose; `_back.<stream>.json` permits it. */
export type GoingBack = { readonly reason: string; readonly since: string };

export const mostSteps = 16;
export const mostQuietTimes = 64;
export const mostPatterns = 4096;
export const mostWaypoints = 16;

/** Most seconds that a rollout is planned for: ten years, so that every time in it can be written. */
export const longestRollout = 10 * 366 * 86_400;

/** Most characters (UTF-16 units) of the reason of a halt, a pause, quiet days or going back. */
export const longestReason = 500;

/** The whole. */
export const wholeShare = 10_000;

/** True for what may stand for serial numbers or models: they are printable ASCII, and so are patterns. */
export function isPattern(text: string): boolean {
  return /^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/.test(text);
}

/** Reads the rules of a rollout. Throws `record-invalid`. */
export function rollout(fields: Fields): Rollout {
  const salt = fields.text('salt');
  if (!/^[0-9a-f]{16}$/.test(salt)) throw fields.wrong('salt');
  return {
    salt,
    began: fields.time('began'),
    steps: steps(fields),
    ...(fields.has('early') ? { early: group(fields.record('early')) } : {}),
    ...(fields.has('only') ? { only: group(fields.record('only')) } : {}),
    ...(fields.has('notBefore') ? { notBefore: fields.time('notBefore') } : {}),
    ...(fields.has('quiet') ? { quiet: quietTimes(fields) } : {}),
    ...(fields.has('paused') ? { paused: becauseSince(fields.record('paused')) } : {}),
    ...(fields.has('reserved') ? { reserved: reserved(fields.record('reserved')) } : {}),
    ...(fields.has('automatic') ? { automatic: automatic(fields.record('automatic')) } : {}),
  };
}

/** Reads a reason and a time. Throws `record-invalid`. */
export function becauseSince(fields: Fields): { readonly reason: string; readonly since: string } {
  return { reason: reason(fields), since: fields.time('since') };
}

/** Reads the waypoints of a stream. Throws `record-invalid`. */
export function waypoints(fields: Fields): Waypoint[] {
  const found = fields.list('waypoints').map((waypoint) => ({
    build: waypoint.buildName('build'),
    sequence: waypoint.count('sequence'),
    minimumClient: clientVersion(waypoint),
  }));
  const isOrdered = found.every(
    ({ sequence }, place) => place === 0 || sequence < (found[place - 1]?.sequence ?? 0),
  );
  if (found.length > mostWaypoints || !isOrdered) throw fields.wrong('waypoints');
  return found;
}

/** The waypoints of a stream that had this head, once it has another, newest first. */
export function waypointsAfter(held: {
  readonly build: Pick<Waypoint, 'sequence' | 'minimumClient'> & {
    readonly name: BuildName;
    readonly waypoint: boolean;
  };
  readonly waypoints?: readonly Waypoint[];
}): Waypoint[] {
  const { name: build, sequence, minimumClient, waypoint } = held.build;
  const before = (held.waypoints ?? []).filter((known) => known.sequence !== sequence);
  const all = waypoint ? [...before, { build, sequence, minimumClient }] : before;
  return all.sort((a, b) => b.sequence - a.sequence).slice(0, mostWaypoints);
}

/** `major.minor.patch`, or empty for any: what cannot be compared must not be passed over. */
export function clientVersion(fields: Fields): string {
  const version = fields.text('minimumClient');
  if (version !== '' && !/^\d{1,4}\.\d{1,4}\.\d{1,4}$/.test(version)) throw fields.wrong('minimumClient');
  return version;
}

function reason(fields: Fields): string {
  const text = fields.text('reason');
  if (text.length > longestReason) throw fields.wrong('reason');
  return text;
}

function steps(fields: Fields): RolloutStep[] {
  const found = fields.list('steps').map((step) => ({
    share: step.count('share', wholeShare),
    after: step.count('after', longestRollout),
  }));
  const isAscending = found.every(({ share, after }, place) => {
    const before = found[place - 1];
    return before === undefined || (after > before.after && share >= before.share);
  });
  if (found.length > mostSteps || !isAscending) throw fields.wrong('steps');
  return found;
}

function group(fields: Fields): Group {
  const builds = fields.has('builds') ? fields.texts('builds').map(buildName) : undefined;
  if (builds !== undefined && builds.length > mostPatterns) throw fields.wrong('builds');
  return {
    ...(fields.has('serials') ? { serials: patterns(fields, 'serials') } : {}),
    ...(fields.has('models') ? { models: patterns(fields, 'models') } : {}),
    ...(builds === undefined ? {} : { builds }),
    ...(fields.has('devices') ? { devices: devices(fields) } : {}),
  };
}

function patterns(fields: Fields, name: string): string[] {
  const found = fields.texts(name);
  if (found.length > mostPatterns || !found.every(isPattern)) throw fields.wrong(name);
  return found;
}

function devices(fields: Fields): DeviceSet {
  const set = fields.text('devices');
  if (parseDeviceSet(set) === undefined) throw fields.wrong('devices');
  return set;
}

function quietTimes(fields: Fields): QuietTime[] {
  const found = fields.list('quiet').map((time) => {
    const quiet = { from: time.time('from'), to: time.time('to'), reason: reason(time) };
    if (quiet.to <= quiet.from) throw time.wrong('to');
    return quiet;
  });
  if (found.length > mostQuietTimes) throw fields.wrong('quiet');
  return found;
}

function reserved(fields: Fields): NonNullable<Rollout['reserved']> {
  return { devices: devices(fields), until: fields.count('until', longestRollout) };
}

function automatic(fields: Fields): AutomaticHalt {
  return {
    failed: fields.count('failed', wholeShare),
    silent: fields.count('silent', wholeShare),
    atLeast: fields.count('atLeast'),
    silentAfter: fields.count('silentAfter', longestRollout),
  };
}
