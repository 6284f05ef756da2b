import { type Kysely, sql } from 'kysely';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import { createEnrolTables } from './enrol-migration.ts';
import { createMarks } from './marks.ts';
import { createRolloutTables } from './rollout-migration.ts';
import type { FleetTables } from './tables.ts';

/** One step from a former shape of the database to the next. A step that was published is never changed. */
type Migration = {
  readonly name: string;
  readonly up: (database: Kysely<FleetTables>) => Promise<void>;
};

const migrations: readonly Migration[] = [
  { name: '001-reports', up: createTables },
  { name: '002-rollouts', up: createRolloutTables },
  { name: '003-marks', up: createMarks },
  { name: '004-device-keys', up: createEnrolTables },
];

/**
 * Brings the database to the present shape, each step as a whole or not at all. Throws `fleet-newer` for one that a
 * newer program has changed.
 */
export async function migrate(
  database: Kysely<FleetTables>,
  { path, clock }: { path: string; clock: Clock },
) {
  // Asked first without a lock: nearly always there is nothing to do.
  if ((await isMade(database)) && (await missing(database, path)).length === 0) return;
  await database.transaction().execute(async (transaction) => {
    await transaction.schema
      .createTable('migrations')
      .ifNotExists()
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .execute();
    for (const { name, up } of await missing(transaction, path)) {
      await up(transaction);
      await transaction.insertInto('migrations').values({ name, at: clock() }).execute();
    }
  });
}

async function isMade(database: Kysely<FleetTables>): Promise<boolean> {
  const tables = await database.introspection.getTables();
  return tables.some(({ name }) => name === 'migrations');
}

async function missing(database: Kysely<FleetTables>, path: string): Promise<readonly Migration[]> {
  const rows = await database.selectFrom('migrations').select('name').execute();
  const done = new Set(rows.map(({ name }) => name));
  if (rows.some(({ name }) => migrations.every((migration) => migration.name !== name)))
    throw new SatchelError('fleet-newer', { path });
  return migrations.filter(({ name }) => !done.has(name));
}

async function createTables(database: Kysely<FleetTables>): Promise<void> {
  await database.schema
    .createTable('reports')
    .addColumn('number', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('maker', 'text', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('via', 'text', (column) => column.notNull())
    .addColumn('received', 'bigint', (column) => column.notNull())
    .addColumn('first_received', 'text')
    .addColumn('forwarded', 'bigint')
    .execute();
  await database.schema.createIndex('reports_received').on('reports').column('received').execute();
  await database.schema
    .createIndex('reports_waiting')
    .on('reports')
    .column('number')
    .where(sql.ref('forwarded'), 'is', null)
    .execute();
  await database.schema
    .createIndex('reports_requests')
    .on('reports')
    .column('number')
    .where(sql.ref('event'), '=', sql.lit('lease-request'))
    .execute();
  await database.schema
    .createTable('devices')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('serial', 'text')
    .addColumn('model', 'text')
    .addColumn('running', 'text')
    .addColumn('previous', 'text')
    .addColumn('stream', 'text')
    .addColumn('client', 'text', (column) => column.notNull())
    .addColumn('disk_free', 'bigint', (column) => column.notNull())
    .addColumn('disk_total', 'bigint', (column) => column.notNull())
    .addColumn('result', 'text')
    .addColumn('site', 'text')
    .addColumn('made', 'text', (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('first_seen', 'bigint', (column) => column.notNull())
    .addColumn('last_seen', 'bigint', (column) => column.notNull())
    .execute();
  await database.schema.createIndex('devices_site').on('devices').column('site').execute();
  await database.schema
    .createTable('sites')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('parent', 'text')
    .addColumn('credential_hash', 'text', (column) => column.unique())
    .addColumn('token', 'text')
    .addColumn('joined', 'bigint')
    .addColumn('last_seen', 'bigint')
    .addColumn('client', 'text')
    .addColumn('disk_free', 'bigint')
    .addColumn('disk_total', 'bigint')
    .addColumn('builds', 'text')
    .addColumn('sequence', 'bigint')
    .execute();
  await database.schema
    .createTable('tokens')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('token_hash', 'text', (column) => column.notNull().unique())
    .addColumn('note', 'text')
    .addColumn('created', 'bigint', (column) => column.notNull())
    .addColumn('expires', 'bigint')
    .addColumn('used', 'bigint')
    .addColumn('used_by', 'text')
    .addColumn('used_name', 'text')
    .addColumn('revoked', 'bigint')
    .execute();
}
