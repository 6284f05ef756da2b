import type { Kysely } from 'kysely';
import { afterReport, type DeviceHealth, type Harm } from '../advice/rollout-health.ts';
import { dayOf } from '../advice/rollout-holidays.ts';
import type { Report } from '../device/report.ts';
import type { FleetTables, ReportRow } from './tables.ts';

/** Reports that are counted in one transaction: others may write, and be served, between two. */
const batchLength = 250;

/** SQLite takes 32 766 values in a statement. */
const chunkLength = 1000;

/** The longest that a report may have been under way, in milliseconds, for its first place to be believed when that was. */
const longestWay = 400 * 86_400_000;

/** Counts the next reports for the rollout of a stream; gives how many there were. */
export async function countBatch(database: Kysely<FleetTables>, stream: string): Promise<number> {
  const rollout = await database
    .selectFrom('rollouts')
    .select(['build', 'position'])
    .where('stream', '=', stream)
    .executeTakeFirst();
  if (rollout === undefined) return 0;
  const rows = await database
    .selectFrom('reports')
    .select(['number', 'maker', 'event', 'body', 'via', 'received', 'first_received'])
    .where('number', '>', rollout.position)
    .orderBy('number')
    .limit(batchLength)
    .execute();
  const last = rows.at(-1);
  if (last === undefined) return 0;
  await noteDays(database, stream, rows);
  await noteDevices(database, { stream, build: rollout.build }, rows);
  await database
    .updateTable('rollouts')
    .set({ position: last.number })
    .where('stream', '=', stream)
    .execute();
  return rows.length;
}

type Row = Pick<ReportRow, 'maker' | 'event' | 'body' | 'via' | 'received' | 'first_received'>;

/** When the first place received a report, as far as that can be true. */
function heardAt({ received, first_received: first }: Row): number {
  const time = first === null ? Number.NaN : Date.parse(first);
  return time <= received && time > received - longestWay ? time : received;
}

/** The nearest site; empty where a device talks to this place itself. */
function siteOf({ event, maker, via }: Row): string {
  const [site = ''] = JSON.parse(via) as string[];
  return event === 'site' ? maker : site;
}

async function noteDays(database: Kysely<FleetTables>, stream: string, rows: readonly Row[]): Promise<void> {
  const days = new Map<
    string,
    { stream: string; site: string; day: string; devices: number; self: number }
  >();
  for (const row of rows) {
    const [site, day] = [siteOf(row), dayOf(heardAt(row))];
    const key = `${day} ${site}`;
    const known = days.get(key) ?? { stream, site, day, devices: 0, self: 0 };
    days.set(key, { ...known, [row.event === 'site' ? 'self' : 'devices']: 1 });
  }
  for (const chunk of chunks([...days.values()]))
    await database
      .insertInto('rollout_days')
      .values(chunk)
      .onConflict((conflict) =>
        conflict.columns(['stream', 'site', 'day']).doUpdateSet(({ ref, eb }) => ({
          devices: eb(ref('rollout_days.devices'), '|', ref('excluded.devices')),
          self: eb(ref('rollout_days.self'), '|', ref('excluded.self')),
        })),
      )
      .execute();
}

type Counted = { health: DeviceHealth | undefined; site: string | null; changed: boolean };

async function noteDevices(
  database: Kysely<FleetTables>,
  { stream, build }: { stream: string; build: string },
  rows: readonly Row[],
): Promise<void> {
  const reports = rows.flatMap((row) => {
    const report = JSON.parse(row.body) as Report;
    if (report.event === 'site' || (report.stream !== undefined && report.stream !== stream)) return [];
    return [{ row, report }];
  });
  const counted = await healthOf(database, stream, [...new Set(reports.map(({ row }) => row.maker))]);
  for (const { row, report } of reports) {
    const before = counted.get(row.maker);
    const health = afterReport(before?.health, { ...report, heard: heardAt(row) }, build);
    if (health === undefined || health === before?.health) continue;
    counted.set(row.maker, { health, site: siteOf(row) || null, changed: true });
  }
  const changed = [...counted].flatMap(([device, { health, site, changed }]) =>
    changed && health !== undefined ? [deviceRow(stream, device, site, health)] : [],
  );
  for (const chunk of chunks(changed))
    await database
      .insertInto('rollout_devices')
      .values(chunk)
      .onConflict((conflict) =>
        conflict.columns(['stream', 'device']).doUpdateSet((set) => ({
          site: set.ref('excluded.site'),
          sequence: set.ref('excluded.sequence'),
          heard: set.ref('excluded.heard'),
          took: set.ref('excluded.took'),
          well: set.ref('excluded.well'),
          harm: set.ref('excluded.harm'),
        })),
      )
      .execute();
}

function deviceRow(stream: string, device: string, site: string | null, health: DeviceHealth) {
  const { sequence, heard, took, well, harm } = health;
  return { stream, device, site, sequence, heard, took, well: well ? 1 : 0, harm, excused: 0 };
}

async function healthOf(
  database: Kysely<FleetTables>,
  stream: string,
  devices: readonly string[],
): Promise<Map<string, Counted>> {
  const known = new Map<string, Counted>();
  for (const chunk of chunks(devices)) {
    const rows = await database
      .selectFrom('rollout_devices')
      .selectAll()
      .where('stream', '=', stream)
      .where('device', 'in', [...chunk])
      .execute();
    for (const row of rows)
      known.set(row.device, {
        health: {
          sequence: row.sequence,
          heard: row.heard,
          took: row.took,
          well: row.well === 1,
          harm: row.harm as Harm | null,
        },
        site: row.site,
        changed: false,
      });
  }
  return known;
}

function* chunks<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += chunkLength)
    yield items.slice(start, start + chunkLength);
}
