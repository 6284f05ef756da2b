import type { Kysely, Transaction } from 'kysely';
import type { Clock } from '../base/clock.ts';
import { recordTime } from '../base/fields.ts';
import type { FleetTables } from './tables.ts';

/** That a laptop was stolen, or is back. */
export type Mark = {
  readonly serial: string;
  readonly stolen: boolean;
  /** The person who said so, and why. */
  readonly by: string;
  readonly reason: string;
  /** When, UTC. */
  readonly at: string;
};

/** Most characters of a name and of a reason. */
export const longestMark = { by: 100, reason: 500 } as const;

/** What the database knows of marks. Both throw what the database throws. */
export type FleetMarks = {
  /** Writes down who marked which laptops and why. One that was marked so last is left as it is. */
  record(serials: readonly string[], mark: Pick<Mark, 'stolen' | 'by' | 'reason'>): Promise<void>;
  /** The marks of these laptops, of all when none is named; the newest first. */
  list(serials?: readonly string[]): Promise<readonly Mark[]>;
};

/** More marks than this are not listed. */
const mostListed = 10_000;

/** The part of the fleet that is about marks. */
export function fleetMarks(
  database: Kysely<FleetTables>,
  { told, clock }: { told: <Result>(action: () => Promise<Result>) => Promise<Result>; clock: Clock },
): FleetMarks {
  return {
    record: (serials, mark) =>
      told(() =>
        database
          .transaction()
          .execute((transaction) => recordMarks(transaction, { serials, mark, now: clock() })),
      ),
    list: (serials = []) => told(() => listMarks(database, serials)),
  };
}

/** The step of the database that brings the table. */
export async function createMarks(database: Kysely<FleetTables>): Promise<void> {
  await database.schema
    .createTable('marks')
    .addColumn('number', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('serial', 'text', (column) => column.notNull())
    .addColumn('stolen', 'integer', (column) => column.notNull())
    .addColumn('by_whom', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .execute();
  await database.schema.createIndex('marks_serial').on('marks').column('serial').execute();
}

async function recordMarks(
  transaction: Transaction<FleetTables>,
  {
    serials,
    mark,
    now,
  }: { serials: readonly string[]; mark: Pick<Mark, 'stolen' | 'by' | 'reason'>; now: number },
): Promise<void> {
  const stolen = mark.stolen ? 1 : 0;
  for (const serial of new Set(serials)) {
    const last = await transaction
      .selectFrom('marks')
      .select('stolen')
      .where('serial', '=', serial)
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst();
    if ((last?.stolen ?? 0) === stolen) continue;
    const row = { serial, stolen, by_whom: mark.by, reason: mark.reason, at: now };
    await transaction.insertInto('marks').values(row).execute();
  }
}

async function listMarks(database: Kysely<FleetTables>, serials: readonly string[]): Promise<Mark[]> {
  let query = database.selectFrom('marks').selectAll().orderBy('number', 'desc').limit(mostListed);
  if (serials.length > 0) query = query.where('serial', 'in', serials);
  const rows = await query.execute();
  return rows.map(({ serial, stolen, by_whom: by, reason, at }) => ({
    serial,
    stolen: stolen === 1,
    by,
    reason,
    at: recordTime(at),
  }));
}
