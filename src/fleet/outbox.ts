import type { Kysely } from 'kysely';
import { recordTime } from '../base/fields.ts';
import type { Report } from '../device/report.ts';
import type { FleetTables } from './tables.ts';
import type { PendingReports } from './types.ts';

/** Most reports and bytes of one batch when nobody says otherwise. */
const batchReports = 500;
const batchBytes = 1024 * 1024;

/** Ids of one statement. */
const chunkLength = 500;

/** What to take from the reports that wait. */
export type PendingChoice = {
  readonly site: string;
  readonly after?: number | undefined;
  readonly reports?: number | undefined;
  readonly bytes?: number | undefined;
};

/** The oldest reports that were not forwarded, as they are to be sent on. */
export async function pendingReports(
  database: Kysely<FleetTables>,
  { site, after = 0, reports: most = batchReports, bytes = batchBytes }: PendingChoice,
): Promise<PendingReports> {
  const rows = await database
    .selectFrom('reports')
    .select(['number', 'body', 'via', 'received', 'first_received'])
    .where('forwarded', 'is', null)
    .where('number', '>', after)
    .orderBy('number')
    .limit(most)
    .execute();
  const reports: Report[] = [];
  let position = after;
  let length = 0;
  for (const row of rows) {
    const report: Report = {
      ...(JSON.parse(row.body) as Report),
      via: [...(JSON.parse(row.via) as string[]), site],
      received: row.first_received ?? recordTime(row.received),
    };
    length += Buffer.byteLength(JSON.stringify(report)) + 1;
    if (length > bytes && reports.length > 0) break;
    reports.push(report);
    position = row.number;
  }
  return { reports, position };
}

/** The place above has these. */
export async function markForwarded(
  database: Kysely<FleetTables>,
  { ids, now }: { ids: readonly string[]; now: number },
): Promise<void> {
  for (let start = 0; start < ids.length; start += chunkLength)
    await database
      .updateTable('reports')
      .set({ forwarded: now })
      .where('id', 'in', ids.slice(start, start + chunkLength))
      .where('forwarded', 'is', null)
      .execute();
}
