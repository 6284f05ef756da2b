import type { Kysely } from 'kysely';
import type { FleetTables } from './tables.ts';

/** Makes the tables about rollouts. */
export async function createRolloutTables(database: Kysely<FleetTables>): Promise<void> {
  await database.schema
    .createTable('rollouts')
    .addColumn('stream', 'text', (column) => column.primaryKey())
    .addColumn('salt', 'text', (column) => column.notNull())
    .addColumn('build', 'text', (column) => column.notNull())
    .addColumn('position', 'bigint', (column) => column.notNull())
    .addColumn('halted', 'integer', (column) => column.notNull())
    .execute();
  await database.schema
    .createTable('rollout_plans')
    .addColumn('salt', 'text', (column) => column.primaryKey())
    .addColumn('stream', 'text', (column) => column.notNull())
    .addColumn('plan', 'text', (column) => column.notNull())
    .addColumn('made', 'bigint', (column) => column.notNull())
    .execute();
  await database.schema
    .createTable('rollout_devices')
    .addColumn('stream', 'text', (column) => column.notNull())
    .addColumn('device', 'text', (column) => column.notNull())
    .addColumn('site', 'text')
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('heard', 'bigint', (column) => column.notNull())
    .addColumn('took', 'bigint')
    .addColumn('well', 'integer', (column) => column.notNull())
    .addColumn('harm', 'text')
    .addColumn('excused', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('rollout_devices_key', ['stream', 'device'])
    .execute();
  await database.schema
    .createTable('rollout_days')
    .addColumn('stream', 'text', (column) => column.notNull())
    .addColumn('site', 'text', (column) => column.notNull())
    .addColumn('day', 'text', (column) => column.notNull())
    .addColumn('devices', 'integer', (column) => column.notNull())
    .addColumn('self', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('rollout_days_key', ['stream', 'site', 'day'])
    .execute();
  await database.schema.createIndex('devices_serial').on('devices').column('serial').execute();
}
