import type { Kysely } from 'kysely';
import type { FleetTables } from './tables.ts';

/** Makes the tables about devices that ask for themselves. */
export async function createEnrolTables(database: Kysely<FleetTables>): Promise<void> {
  await database.schema
    .createTable('enrol_tokens')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('token_hash', 'text', (column) => column.notNull().unique())
    .addColumn('note', 'text')
    .addColumn('created', 'bigint', (column) => column.notNull())
    .addColumn('expires', 'bigint', (column) => column.notNull())
    .addColumn('uses', 'bigint', (column) => column.notNull())
    .addColumn('used', 'bigint', (column) => column.notNull())
    .addColumn('revoked', 'bigint')
    .execute();
  await database.schema
    .createTable('device_keys')
    .addColumn('key_id', 'text', (column) => column.primaryKey())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('serial', 'text')
    .addColumn('model', 'text')
    .addColumn('device', 'text', (column) => column.notNull())
    .addColumn('token', 'text')
    .addColumn('enrolled', 'bigint', (column) => column.notNull())
    .addColumn('checked', 'bigint', (column) => column.notNull())
    .addColumn('last_seen', 'bigint')
    .addColumn('revoked', 'bigint')
    .addColumn('last_created', 'bigint', (column) => column.notNull())
    .addColumn('challenge', 'text')
    .execute();
  for (const column of ['serial', 'device', 'token'])
    await database.schema.createIndex(`device_keys_${column}`).on('device_keys').column(column).execute();
  await database.schema
    .createTable('device_nonces')
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('nonce', 'text', (column) => column.notNull())
    .addColumn('created', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('device_nonces_key', ['key_id', 'nonce'])
    .execute();
}
