import type { Insertable, Transaction } from 'kysely';
import type { DeviceReport, Report, SiteReport } from '../device/report.ts';
import { revokedBelow, revokedSites } from './revoked.ts';
import type { DeviceRow, FleetTables, ReportRow, SiteRow } from './tables.ts';
import type { ReportsFrom, Stored } from './types.ts';

/** Rows of one statement: more gains nothing, and SQLite takes 32 766 values at most. */
const chunkLength = 500;

/** A report with the way it went, as far as that is believed. */
type Arrived = { readonly report: Report; readonly via: readonly string[] };

/**
 * Stores reports and brings the devices and sites that made them up to date; a report whose id is known changes
 * nothing, and one that passed a site whose secret was revoked is dropped. `now` is when they arrived.
 */
export async function storeReports(
  transaction: Transaction<FleetTables>,
  { reports, from, now }: { reports: readonly Report[]; from: ReportsFrom; now: number },
): Promise<Stored> {
  let stored = 0;
  let dropped = 0;
  // A site in the middle believes a credential for as long as it has not heard that it was revoked.
  const revoked = from.site === undefined ? new Set<string>() : await revokedSites(transaction);
  const named = new Set<string>();
  for (let start = 0; start < reports.length; start += chunkLength) {
    const chunk = reports.slice(start, start + chunkLength).flatMap((report) => arrived(report, from));
    const wanted = chunk.filter(({ via }) => {
      const passed = via.filter((id) => revoked.has(id));
      for (const id of passed) named.add(id);
      return passed.length === 0;
    });
    dropped += chunk.length - wanted.length;
    stored += await storeChunk(transaction, wanted, now);
  }
  const counts = { stored, known: reports.length - stored - dropped, ...(dropped > 0 && { dropped }) };
  if (from.site === undefined || revoked.has(from.site)) return counts;
  await seeSites(transaction, [[from.site]], now);
  const below = await revokedBelow(transaction, { site: from.site, revoked, named });
  return { ...counts, ...(below.length > 0 && { revoked: below }) };
}

/**
 * Which sites a report passed. Anybody can write a report: only a joined site is believed which others it passed, and
 * that it is made by a site at all.
 */
function arrived(report: Report, { site, via, own }: ReportsFrom): Arrived[] {
  if (own) return [{ report, via: [] }];
  if (site === undefined) return report.event === 'site' ? [] : [{ report, via: [] }];
  const said = report.via ?? via ?? [];
  const way = said.at(-1) === site ? said : [...said, site];
  const isForeign = report.event === 'site' && way[0] !== report.site;
  return isForeign ? [] : [{ report, via: way }];
}

async function storeChunk(
  transaction: Transaction<FleetTables>,
  chunk: readonly Arrived[],
  now: number,
): Promise<number> {
  if (chunk.length === 0) return 0;
  const inserted = await transaction
    .insertInto('reports')
    .values(chunk.map((item) => reportRow(item, now)))
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .execute();
  const news = new Set(inserted.map(({ id }) => id));
  // The same report twice in one chunk is one.
  const fresh = chunk.filter(({ report }) => news.delete(report.id));
  const devices = fresh.flatMap(({ report, via }) => (report.event === 'site' ? [] : [{ report, via }]));
  await updateDevices(transaction, devices, now);
  await seeSites(
    transaction,
    fresh.map(({ via }) => via),
    now,
  );
  for (const { report, via } of fresh)
    if (report.event === 'site' && via.length > 0) await updateSite(transaction, report);
  return inserted.length;
}

function reportRow({ report, via }: Arrived, now: number): Insertable<ReportRow> {
  const { via: _, received, ...body } = report;
  return {
    id: report.id,
    maker: report.event === 'site' ? report.site : report.device,
    event: report.event,
    body: JSON.stringify(body),
    via: JSON.stringify(via),
    received: now,
    first_received: via.length > 0 ? (received ?? null) : null,
    forwarded: null,
  };
}

type FromDevice = { readonly report: DeviceReport; readonly via: readonly string[] };

async function updateDevices(
  transaction: Transaction<FleetTables>,
  items: readonly FromDevice[],
  now: number,
): Promise<void> {
  if (items.length === 0) return;
  const rows = new Map<string, DeviceRow>();
  for (const item of items) {
    const row = deviceRow(item, now);
    const former = rows.get(row.id);
    if (former === undefined) rows.set(row.id, row);
    else rows.set(row.id, newerOf(former, row));
  }
  await transaction
    .insertInto('devices')
    .values([...rows.values()])
    .onConflict((conflict) =>
      conflict
        .column('id')
        .doUpdateSet((set) => ({
          serial: set.ref('excluded.serial'),
          model: set.ref('excluded.model'),
          running: set.ref('excluded.running'),
          previous: set.ref('excluded.previous'),
          stream: set.ref('excluded.stream'),
          client: set.ref('excluded.client'),
          disk_free: set.ref('excluded.disk_free'),
          disk_total: set.ref('excluded.disk_total'),
          result: set.fn.coalesce('excluded.result', 'devices.result'),
          site: set.ref('excluded.site'),
          made: set.ref('excluded.made'),
          sequence: set.ref('excluded.sequence'),
        }))
        .whereRef('excluded.sequence', '>', 'devices.sequence'),
    )
    .execute();
  await transaction
    .updateTable('devices')
    .set({ last_seen: now })
    .where('id', 'in', [...rows.keys()])
    .execute();
}

/** The state of the newer, and the last result that either tells. */
function newerOf(one: DeviceRow, other: DeviceRow): DeviceRow {
  const [older, newer] = other.sequence > one.sequence ? [one, other] : [other, one];
  return { ...newer, result: newer.result ?? older.result };
}

function deviceRow({ report, via }: FromDevice, now: number): DeviceRow {
  return {
    id: report.device,
    serial: report.serial ?? null,
    model: report.model ?? null,
    running: report.running,
    previous: report.previous ?? null,
    stream: report.stream ?? null,
    client: report.client,
    disk_free: report.disk.free,
    disk_total: report.disk.total,
    result: report.result === undefined ? null : JSON.stringify(report.result),
    site: via[0] ?? null,
    made: report.made,
    sequence: report.sequence,
    first_seen: now,
    last_seen: now,
  };
}

/** Notes each site of these ways, and which site it talks to. */
async function seeSites(
  transaction: Transaction<FleetTables>,
  ways: readonly (readonly string[])[],
  now: number,
): Promise<void> {
  const parents = new Map<string, string | null>();
  for (const way of ways) for (const [at, id] of way.entries()) parents.set(id, way[at + 1] ?? null);
  for (const [id, parent] of parents)
    await transaction
      .insertInto('sites')
      .values({ id, name: id, parent, last_seen: now })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ parent, last_seen: now }))
      .execute();
}

async function updateSite(transaction: Transaction<FleetTables>, report: SiteReport): Promise<void> {
  const state: Partial<SiteRow> = {
    name: report.name,
    client: report.client,
    disk_free: report.disk.free,
    disk_total: report.disk.total,
    builds: JSON.stringify(report.builds),
    sequence: report.sequence,
  };
  await transaction
    .updateTable('sites')
    .set(state)
    .where('id', '=', report.site)
    .where((where) => where.or([where('sequence', 'is', null), where('sequence', '<', report.sequence)]))
    .execute();
}
