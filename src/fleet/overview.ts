import { type Kysely, sql } from 'kysely';
import { recordTime } from '../base/fields.ts';
import type { HeldBuild, ReportedResult } from '../device/report.ts';
import type { DeviceRow, FleetTables, SiteRow } from './tables.ts';
import type { FleetDevice, FleetSite, FleetSummary, LeaseRequest } from './types.ts';

/** Milliseconds after which a device that is silent no longer counts for what the fleet runs, and a request lapses. */
const recent = 90 * 86_400_000;

/** Devices that are listed when nobody says how many. */
const defaultLimit = 1000;

/** What is shown as the program of a laptop with an old client that told something when it asked (OATS). */
export const oldClient = 'oats';

/** False for what a laptop told by an old client while it has a client with reports of its own, under an id of its own. */
const isOwn = sql<boolean>`(client <> ${oldClient} or serial is null or not exists (select 1 from devices as other
  where other.serial = devices.serial and other.client <> ${oldClient}
  and other.last_seen > devices.last_seen - ${recent}))`;

/** Which devices to list. */
export type DeviceChoice = {
  readonly site?: string | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
};

/** Before this no device ran any of this: a clock that says so was never set. */
const firstLikely = Date.parse('2000-01-01T00:00:00Z');

/** When the newest report of a device was made, as {@link madeTime} says, in milliseconds. */
const reportedAt = sql<number>`case when unixepoch(made) * 1000 between ${firstLikely} and last_seen
  then unixepoch(made) * 1000 else last_seen end`;

/** When a report was made: by the clock of its device where that can be right, else when it arrived. */
function madeTime({ made, last_seen: received }: Pick<DeviceRow, 'made' | 'last_seen'>): string {
  const time = Date.parse(made);
  return time >= firstLikely && time <= received ? made : recordTime(received);
}

/** Devices, those that reported last first. */
export async function listDevices(
  database: Kysely<FleetTables>,
  { site, limit = defaultLimit, offset = 0 }: DeviceChoice,
): Promise<FleetDevice[]> {
  let query = database
    .selectFrom('devices')
    .selectAll()
    .where(isOwn)
    .orderBy(reportedAt, 'desc')
    .orderBy('id');
  if (site !== undefined) query = query.where('site', '=', site);
  return (await query.limit(limit).offset(offset).execute()).map(deviceOf);
}

/** Devices with this serial number or this id, those that were heard last first. */
export async function findDevices(database: Kysely<FleetTables>, name: string): Promise<FleetDevice[]> {
  const rows = await database
    .selectFrom('devices')
    .selectAll()
    .where((where) => where.or([where('serial', '=', name), where('id', '=', name)]))
    .orderBy('last_seen', 'desc')
    .limit(10)
    .execute();
  return rows.map(deviceOf);
}

function deviceOf(row: DeviceRow): FleetDevice {
  return {
    id: row.id,
    serial: row.serial,
    model: row.model,
    running: row.running,
    previous: row.previous,
    stream: row.stream,
    client: row.client,
    disk: { free: row.disk_free, total: row.disk_total },
    result: row.result === null ? null : (JSON.parse(row.result) as ReportedResult),
    site: row.site,
    made: row.made,
    reported: madeTime(row),
    firstSeen: recordTime(row.first_seen),
    lastSeen: recordTime(row.last_seen),
  };
}

/** All sites, by name. */
export async function listSites(database: Kysely<FleetTables>): Promise<FleetSite[]> {
  const rows = await database.selectFrom('sites').selectAll().orderBy('name').orderBy('id').execute();
  const counts = await database
    .selectFrom('devices')
    .select(['site', ({ fn }) => fn.countAll<number>().as('devices')])
    .where('site', 'is not', null)
    .where(isOwn)
    .groupBy('site')
    .execute();
  const devices = new Map(counts.map((row) => [row.site, Number(row.devices)]));
  return rows.map((row) => siteOf(row, devices.get(row.id) ?? 0));
}

function siteOf(row: SiteRow, devices: number): FleetSite {
  const { disk_free: free, disk_total: total } = row;
  return {
    id: row.id,
    name: row.name,
    parent: row.parent,
    joined: row.joined === null ? null : recordTime(row.joined),
    revoked: row.joined !== null && row.credential_hash === null,
    lastSeen: row.last_seen === null ? null : recordTime(row.last_seen),
    client: row.client,
    disk: free === null || total === null ? null : { free, total },
    builds: row.builds === null ? null : (JSON.parse(row.builds) as HeldBuild[]),
    devices,
  };
}

/** The newest request for a lease of each device. */
export async function listLeaseRequests(database: Kysely<FleetTables>, now: number): Promise<LeaseRequest[]> {
  const rows = await database
    .selectFrom('reports')
    .select(['maker', 'body', 'via', 'received'])
    .where('event', '=', 'lease-request')
    .where('received', '>', now - recent)
    .orderBy('number', 'desc')
    .execute();
  const newest = new Map<string, LeaseRequest>();
  for (const { maker, body, via, received } of rows) {
    if (newest.has(maker)) continue;
    const { serial = null, made } = JSON.parse(body) as { serial?: string; made: string };
    const [site = null] = JSON.parse(via) as string[];
    newest.set(maker, { device: maker, serial, site, made, received: recordTime(received) });
  }
  return [...newest.values()];
}

/** Figures about all of it. */
export async function summarise(database: Kysely<FleetTables>, now: number): Promise<FleetSummary> {
  const { devices } = await database
    .selectFrom('devices')
    .select(({ fn }) => fn.countAll<number>().as('devices'))
    .where(isOwn)
    .executeTakeFirstOrThrow();
  const { sites } = await database
    .selectFrom('sites')
    .select(({ fn }) => fn.countAll<number>().as('sites'))
    .executeTakeFirstOrThrow();
  const builds = await database
    .selectFrom('devices')
    .select(['running as build', ({ fn }) => fn.countAll<number>().as('devices')])
    .where('last_seen', '>', now - recent)
    .where(isOwn)
    .groupBy('running')
    .orderBy('devices', 'desc')
    .execute();
  const { waiting } = await database
    .selectFrom('reports')
    .select(({ fn }) => fn.countAll<number>().as('waiting'))
    .where('forwarded', 'is', null)
    .executeTakeFirstOrThrow();
  const last = await database
    .selectFrom('reports')
    .select('received')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return {
    devices: Number(devices),
    sites: Number(sites),
    builds: builds.map((row) => ({ build: row.build, devices: Number(row.devices) })),
    waiting: Number(waiting),
    lastReport: last === undefined ? null : recordTime(last.received),
  };
}
