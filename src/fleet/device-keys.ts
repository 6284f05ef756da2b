import { randomBytes } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import { recordTime } from '../base/fields.ts';
import type { DeviceKeyRow } from './enrol-tables.ts';
import type { EnrolledDevice, Enrolling, Freshness } from './enrol-types.ts';
import type { FleetTables } from './tables.ts';

/** Seconds that the clock of a device may be off. */
const window = 300;

/**
 * What begins a nonce that a device is asked to sign over. It is good for that alone: what was signed over it must not be
 * taken a second time as a request whose time is right.
 */
const givenPrefix = 'given-';

/** Requests of a device within {@link window}. */
const mostInWindow = 64;

/** Takes a nonce of a device that has signed with it. */
export async function admitNonce(
  transaction: Transaction<FleetTables>,
  keyId: string,
  { created, nonce, now }: { readonly created: number; readonly nonce: string; readonly now: number },
): Promise<Freshness> {
  const row = await transaction
    .selectFrom('device_keys')
    .select(['challenge', 'last_created'])
    .where('key_id', '=', keyId)
    .executeTakeFirstOrThrow();
  const set = (values: Partial<DeviceKeyRow>) =>
    transaction.updateTable('device_keys').set(values).where('key_id', '=', keyId).execute();
  // One challenge at a time, used once, whatever any clock says.
  if (row.challenge !== null && row.challenge === nonce) {
    await set({ challenge: null, last_seen: now });
    return { kind: 'fresh' };
  }
  // What is older than the newest one that was taken is refused also where the clock was set back since.
  const isInTime = Math.abs(created - now / 1000) <= window && created >= row.last_created - window;
  const isNew = isInTime && !nonce.startsWith(givenPrefix) && (await isUnused(transaction, keyId, nonce));
  if (!isNew) {
    const challenge = row.challenge ?? `${givenPrefix}${randomBytes(24).toString('base64url')}`;
    if (row.challenge === null) await set({ challenge });
    return { kind: 'stale', nonce: challenge };
  }
  const newest = Math.max(row.last_created, created);
  await transaction
    .deleteFrom('device_nonces')
    .where('key_id', '=', keyId)
    .where('created', '<', newest - window)
    .execute();
  const { count } = await transaction
    .selectFrom('device_nonces')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('key_id', '=', keyId)
    .executeTakeFirstOrThrow();
  if (Number(count) >= mostInWindow) return { kind: 'busy' };
  await transaction.insertInto('device_nonces').values({ key_id: keyId, nonce, created }).execute();
  await set({ last_created: newest, last_seen: now });
  return { kind: 'fresh' };
}

async function isUnused(
  transaction: Transaction<FleetTables>,
  keyId: string,
  nonce: string,
): Promise<boolean> {
  const used = await transaction
    .selectFrom('device_nonces')
    .select('nonce')
    .where('key_id', '=', keyId)
    .where('nonce', '=', nonce)
    .executeTakeFirst();
  return used === undefined;
}

/** The device with this key. */
export async function findKey(
  database: Kysely<FleetTables>,
  keyId: string,
): Promise<DeviceKeyRow | undefined> {
  return await database.selectFrom('device_keys').selectAll().where('key_id', '=', keyId).executeTakeFirst();
}

/** All devices with a key, the last enrolled first. */
export async function listKeys(database: Kysely<FleetTables>): Promise<EnrolledDevice[]> {
  const rows = await database
    .selectFrom('device_keys')
    .selectAll()
    .orderBy('enrolled', 'desc')
    .orderBy('key_id')
    .execute();
  return rows.map(describeKey);
}

/** Refuses every key that is named so; gives those that were good until now or are refused already. */
export async function revokeKeys(
  transaction: Transaction<FleetTables>,
  { name, now }: { readonly name: string; readonly now: number },
): Promise<EnrolledDevice[]> {
  const named = await transaction
    .selectFrom('device_keys')
    .selectAll()
    .where((where) =>
      where.or([where('serial', '=', name), where('device', '=', name), where('key_id', '=', name)]),
    )
    .execute();
  for (const { key_id, revoked } of named)
    await transaction
      .updateTable('device_keys')
      .set({ revoked: revoked ?? now })
      .where('key_id', '=', key_id)
      .execute();
  return named.map((row) => describeKey({ ...row, revoked: row.revoked ?? now }));
}

/** Keeps a key that is good from now on. */
export async function keepKey(
  database: Kysely<FleetTables>,
  {
    keyId,
    device,
    token,
    now,
  }: {
    readonly keyId: string;
    readonly device: Enrolling;
    readonly token: string | null;
    readonly now: number;
  },
): Promise<void> {
  const known = {
    key: device.key,
    serial: device.serial ?? null,
    model: device.model ?? null,
    device: device.device,
    checked: now,
    revoked: null,
  };
  await database
    .insertInto('device_keys')
    .values({
      key_id: keyId,
      ...known,
      token,
      enrolled: now,
      last_seen: null,
      last_created: 0,
      challenge: null,
    })
    .onConflict((conflict) => conflict.column('key_id').doUpdateSet(known))
    .execute();
}

/** A key as people and programs are told of it. */
export function describeKey(row: DeviceKeyRow): EnrolledDevice {
  return {
    keyId: row.key_id,
    key: row.key,
    serial: row.serial,
    model: row.model,
    device: row.device,
    enrolled: recordTime(row.enrolled),
    lastSeen: row.last_seen === null ? null : recordTime(row.last_seen),
    isRevoked: row.revoked !== null,
  };
}
