import type { Generated } from 'kysely';
import type { EnrolTables } from './enrol-tables.ts';
import type { RolloutTables } from './rollout-tables.ts';

/** The tables of the fleet database. Times are milliseconds since 1970, by the clock of this place, unless said otherwise. */
export type FleetTables = EnrolTables &
  RolloutTables & {
    reports: ReportRow;
    devices: DeviceRow;
    sites: SiteRow;
    tokens: TokenRow;
    marks: MarkRow;
    migrations: { name: string; at: number };
  };

/** Every report of the last 400 days, once. */
export type ReportRow = {
  /** In the order in which they arrived. */
  number: Generated<number>;
  id: string;
  /** The device or site that made it. */
  maker: string;
  event: string;
  /** The report as JSON, without `via` and `received`. */
  body: string;
  /** JSON list of the sites that it passed; the nearest to its maker first. */
  via: string;
  /** When it arrived here. */
  received: number;
  /** When the first site received it, as the report says. */
  first_received: string | null;
  forwarded: number | null;
};

/** Each device by the newest of its reports; stays when they go. */
export type DeviceRow = {
  id: string;
  serial: string | null;
  model: string | null;
  running: string | null;
  previous: string | null;
  stream: string | null;
  client: string;
  disk_free: number;
  disk_total: number;
  /** JSON; of the last report that had one. */
  result: string | null;
  site: string | null;
  /** By the clock of the device, as it says. */
  made: string;
  sequence: number;
  first_seen: number;
  last_seen: number;
};

/** Each site below this place. */
export type SiteRow = {
  id: string;
  name: string;
  parent: string | null;
  credential_hash: string | null;
  /** The token by which it joined. */
  token: string | null;
  joined: number | null;
  last_seen: number | null;
  client: string | null;
  disk_free: number | null;
  disk_total: number | null;
  /** JSON. */
  builds: string | null;
  sequence: number | null;
};

/** Permissions to join. */
export type TokenRow = {
  id: string;
  token_hash: string;
  note: string | null;
  created: number;
  expires: number | null;
  used: number | null;
  used_by: string | null;
  used_name: string | null;
  revoked: number | null;
};

/** Every time that a laptop was marked as stolen or recovered. */
export type MarkRow = {
  number: Generated<number>;
  serial: string;
  /** 1: stolen; 0: recovered. */
  stolen: number;
  /** Who said so, and why. */
  by_whom: string;
  reason: string;
  at: number;
};
