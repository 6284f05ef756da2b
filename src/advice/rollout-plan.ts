import { randomBytes } from 'node:crypto';
import { SatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import type { BuildName } from '../base/identifiers.ts';
import { deviceNumber, deviceSetOf, largestDeviceSet } from '../repository/device-set.ts';
import {
  type AutomaticHalt,
  type Group,
  mostPatterns,
  type QuietTime,
  type Rollout,
  type RolloutStep,
} from '../repository/rollout-record.ts';
import type { FreeDays } from './rollout-holidays.ts';
import { type ReservedFrom, reservedDevices } from './rollout-reserve.ts';

/** What an operator says about a rollout. The origin keeps it: sites and holidays stay out of the signed record. */
export type RolloutPlan = {
  readonly steps: readonly RolloutStep[];
  readonly early?: GroupPlan;
  readonly only?: GroupPlan;
  /** UTC. */
  readonly notBefore?: string;
  readonly quiet?: readonly QuietTime[];
  /** So many devices of each site stay untouched until its first ones are well, at most `until` seconds. */
  readonly reserve?: { readonly devices: number; readonly until: number };
  readonly automatic?: AutomaticHalt;
  /** Days on which nobody's silence counts. */
  readonly free?: FreeDays;
};

/** Devices as an operator names them. */
export type GroupPlan = {
  /** Exact, or with `*` and `?`. */
  readonly serials: readonly string[];
  readonly models: readonly string[];
  readonly builds: readonly BuildName[];
  /** Ids of sites; the sites below them count too. */
  readonly sites: readonly string[];
};

/** A device as far as the origin knows it. */
export type KnownDevice = ReservedFrom & {
  /** Its serial number, else the random id of its reports. */
  readonly identity: string;
};

/** A site, and the one that it talks to. */
export type KnownSite = { readonly id: string; readonly name: string; readonly parent: string | null };

/** What the origin knows when it writes a rollout. */
export type KnownFleet = { readonly devices: readonly KnownDevice[]; readonly sites: readonly KnownSite[] };

/** From so many exact serial numbers on, a record holds their hashes instead: it is shorter then. */
const namedSerials = 32;

/** A new salt: 16 hex digits. */
export function newSalt(): string {
  return randomBytes(8).toString('hex');
}

/** The signed rules of a plan. Throws `rollout-too-many-devices`, `rollout-too-many-patterns`. */
export function makeRollout(
  plan: RolloutPlan,
  { salt, began, fleet }: { readonly salt: string; readonly began: number; readonly fleet: KnownFleet },
): Rollout {
  const { early, only, notBefore, quiet, automatic } = plan;
  return {
    salt,
    began: recordTime(began),
    steps: plan.steps,
    ...(early === undefined ? {} : { early: groupOf(early, salt, fleet) }),
    ...(only === undefined ? {} : { only: groupOf(only, salt, fleet) }),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(quiet === undefined || quiet.length === 0 ? {} : { quiet }),
    ...reservedOf(plan, salt, fleet),
    ...(automatic === undefined ? {} : { automatic }),
  };
}

/** The same rollout for the fleet as it is known now: sites gain devices, and their first ones prove well. */
export function refreshRollout(rollout: Rollout, plan: RolloutPlan, fleet: KnownFleet): Rollout {
  const { paused, began, ...made } = {
    ...makeRollout(plan, { salt: rollout.salt, began: Date.parse(rollout.began), fleet }),
    paused: rollout.paused,
  };
  const { salt, steps, early, only, notBefore, quiet, reserved, automatic } = made;
  return {
    ...{ salt, began, steps },
    ...(early === undefined ? {} : { early }),
    ...(only === undefined ? {} : { only }),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(quiet === undefined ? {} : { quiet }),
    ...(paused === undefined ? {} : { paused }),
    ...(reserved === undefined ? {} : { reserved }),
    ...(automatic === undefined ? {} : { automatic }),
  };
}

/** Ids of the sites that people named by id or by name. Throws `rollout-site-unknown`. */
export function siteIds(named: readonly string[], sites: readonly KnownSite[]): string[] {
  return named.flatMap((word) => {
    const found = sites.filter(({ id, name }) => id === word || name === word);
    if (found.length === 0) throw new SatchelError('rollout-site-unknown', { site: word });
    return found.map(({ id }) => id);
  });
}

function groupOf(plan: GroupPlan, salt: string, fleet: KnownFleet): Group {
  const isPattern = (serial: string) => /[*?]/.test(serial);
  const exact = plan.serials.filter((serial) => !isPattern(serial));
  const hashed = exact.length > namedSerials ? exact : [];
  const serials = hashed.length === 0 ? plan.serials : plan.serials.filter(isPattern);
  for (const { length: count } of [serials, plan.models, plan.builds])
    if (count > mostPatterns)
      throw new SatchelError('rollout-too-many-patterns', { count, most: mostPatterns });
  const sites = withThoseBelow(plan.sites, fleet.sites);
  const identities = [
    ...hashed,
    ...fleet.devices.filter(({ site }) => site !== null && sites.has(site)).map(({ identity }) => identity),
  ];
  return {
    ...(serials.length > 0 ? { serials } : {}),
    ...(plan.models.length > 0 ? { models: plan.models } : {}),
    ...(plan.builds.length > 0 ? { builds: plan.builds } : {}),
    ...(identities.length > 0 ? { devices: setOf(salt, identities) } : {}),
  };
}

function withThoseBelow(ids: readonly string[], sites: readonly KnownSite[]): ReadonlySet<string> {
  const found = new Set(ids);
  // As deep as the longest chain of sites; a circle adds nothing.
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const { id, parent } of sites) if (parent !== null && found.has(parent)) found.add(id);
  }
  return found;
}

function reservedOf(
  { reserve }: RolloutPlan,
  salt: string,
  { devices }: KnownFleet,
): Pick<Rollout, 'reserved'> {
  if (reserve === undefined) return {};
  const order = (identity: string) => deviceNumber(salt, identity);
  const reserved = reservedDevices(devices, { perSite: reserve.devices, order });
  if (reserved.length === 0) return {};
  return {
    reserved: {
      devices: setOf(
        salt,
        reserved.map(({ identity }) => identity),
      ),
      until: reserve.until,
    },
  };
}

function setOf(salt: string, identities: readonly string[]): string {
  if (identities.length > largestDeviceSet)
    throw new SatchelError('rollout-too-many-devices', { count: identities.length, most: largestDeviceSet });
  return deviceSetOf(salt, identities);
}
