/** The roles of a repository: who signs what, where their keys live, and for how long a signature is good. */

/** The four roles of every TUF repository. Their keys are named by root. */
export const topLevelRoles = ['root', 'targets', 'snapshot', 'timestamp'] as const;

/** The roles that `targets` delegates to. Their keys are named by targets. */
export const delegatedRoles = ['builds', 'streams', 'deltas', 'activities'] as const;

/**
 * Those that every refresh of a device brings. `activities` is asked for by devices that have any, and is absent from
 * repositories that were made before there was such a role.
 */
export const refreshedRoles = ['builds', 'streams', 'deltas'] as const;

/** A role whose metadata Satchel writes. */
export type Role = (typeof topLevelRoles)[number] | (typeof delegatedRoles)[number];

/** A role under `targets` that lists target files. */
export type DelegatedRole = (typeof delegatedRoles)[number];

/** All roles, in the order in which keys are made and listed. */
export const allRoles: readonly Role[] = [...topLevelRoles, ...delegatedRoles];

/**
 * Where the keys of a role live. `offline` keys are needed only when a build appears, a key changes or a year
 * has passed, so they may stay on a machine without a network; `online` keys are used by the server itself.
 */
export const custodyOf: Readonly<Record<Role, 'offline' | 'online'>> = {
  root: 'offline',
  targets: 'offline',
  builds: 'offline',
  snapshot: 'online',
  timestamp: 'online',
  streams: 'online',
  deltas: 'online',
  activities: 'offline',
};

/** True for a name in {@link allRoles}. */
export function isRole(name: string): name is Role {
  return Object.hasOwn(custodyOf, name);
}

/** True for a role that `targets` delegates to. */
export function isDelegatedRole(name: string): name is DelegatedRole {
  return (delegatedRoles as readonly string[]).includes(name);
}

/** Days from issue to expiry, by role. */
export type Lifetimes = Readonly<Record<Role, number>>;

/** What is used unless the operator sets something else. */
export const defaultLifetimes: Lifetimes = {
  root: 5 * 365,
  targets: 365,
  builds: 365,
  streams: 365,
  deltas: 365,
  activities: 365,
  snapshot: 180,
  timestamp: 180,
};

/** A day in milliseconds. */
export const day = 24 * 60 * 60 * 1000;

/** The newest number in the signed field `satchel.format` that this program understands, and the one it writes. */
export const trustFormat = 1;

/** Most bytes of one metadata file, checked before and while it is read. */
export type MetadataLimits = {
  readonly root: number;
  readonly timestamp: number;
  readonly snapshot: number;
  readonly targets: number;
};

/** Limits that an honest repository with thousands of builds stays far below. */
export const defaultLimits: MetadataLimits = {
  root: 512 * 1024,
  timestamp: 16 * 1024,
  snapshot: 2 * 1024 * 1024,
  targets: 5 * 1024 * 1024,
};

/** The limit for the metadata file of any role. */
export function limitOf(role: string, limits: MetadataLimits): number {
  return role === 'root' || role === 'timestamp' || role === 'snapshot' ? limits[role] : limits.targets;
}
