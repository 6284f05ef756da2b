import { randomBytes } from 'node:crypto';
import type { Kysely, Selectable, Transaction } from 'kysely';
import { deviceKeyId } from '../advice/device-signature.ts';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import { admitNonce, describeKey, findKey, keepKey, listKeys, revokeKeys } from './device-keys.ts';
import type { EnrolTokenRow } from './enrol-tables.ts';
import type { EnrolledDevice, Enrolling, EnrolToken, FleetEnrolment, Freshness } from './enrol-types.ts';
import type { FleetTables } from './tables.ts';
import { hashOfToken, randomToken } from './tokens.ts';

/** Runs what uses the database, and turns what it throws into sentences. */
type Told = <Result>(action: () => Promise<Result>) => Promise<Result>;

/** A request whose nonce waits for being taken. */
type Asking = {
  readonly keyId: string;
  readonly request: { readonly created: number; readonly nonce: string };
  readonly done: PromiseWithResolvers<Freshness>;
};

/** Which devices may ask for themselves, by the fleet database. */
export function fleetEnrolment(database: Kysely<FleetTables>, told: Told, clock: Clock): FleetEnrolment {
  const inOne = <Result>(action: (transaction: Transaction<FleetTables>) => Promise<Result>) =>
    told(() => database.transaction().execute(action));
  let asking: Asking[] = [];
  // Being sure that a nonce is on disk costs most: those that come at the same moment go there together.
  const admitAll = async () => {
    const all = asking;
    asking = [];
    try {
      const now = clock();
      const found = await inOne(async (transaction) => {
        const each: Freshness[] = [];
        for (const { keyId, request } of all)
          each.push(await admitNonce(transaction, keyId, { ...request, now }));
        return each;
      });
      for (const [at, { done }] of all.entries()) done.resolve(found[at] as Freshness);
    } catch (error) {
      for (const { done } of all) done.reject(error);
    }
  };
  return {
    createToken: (options) => told(() => createToken(database, { ...options, now: clock() })),
    tokens: () => told(() => listTokens(database, clock())),
    revokeToken: (id, { withDevices }) =>
      inOne((transaction) => revokeToken(transaction, { id, withDevices, now: clock() })),
    enrol: (token, device) => inOne((transaction) => enrol(transaction, { token, device, now: clock() })),
    remember: (keyId, device) =>
      told(async () => {
        const now = clock();
        if (device !== undefined) await keepKey(database, { keyId, device, token: null, now });
        else
          await database
            .updateTable('device_keys')
            .set({ revoked: now, checked: now })
            .where('key_id', '=', keyId)
            .execute();
      }),
    find: (keyId) =>
      told(async () => {
        const row = await findKey(database, keyId);
        return row && { ...describeKey(row), checked: row.checked };
      }),
    devices: () => told(() => listKeys(database)),
    async revoke(name) {
      const revoked = await inOne((transaction) => revokeKeys(transaction, { name, now: clock() }));
      if (revoked.length === 0) throw new SatchelError('device-not-enrolled', { device: name });
      return revoked;
    },
    admit(keyId, request) {
      const done = Promise.withResolvers<Freshness>();
      asking.push({ keyId, request, done });
      if (asking.length === 1) setImmediate(() => void admitAll());
      return done.promise;
    },
  };
}

async function createToken(
  database: Kysely<FleetTables>,
  { note, expires, uses, now }: { note?: string | undefined; expires: number; uses: number; now: number },
): Promise<EnrolToken & { readonly token: string }> {
  const token = randomToken();
  const row: EnrolTokenRow = {
    id: randomBytes(4).toString('hex'),
    token_hash: hashOfToken(token),
    note: note ?? null,
    ...{ created: now, expires, uses, used: 0, revoked: null },
  };
  await database.insertInto('enrol_tokens').values(row).execute();
  return { ...describe(row, now), token };
}

async function listTokens(database: Kysely<FleetTables>, now: number): Promise<EnrolToken[]> {
  const rows = await database
    .selectFrom('enrol_tokens')
    .selectAll()
    .orderBy('created', 'desc')
    .orderBy('id')
    .execute();
  return rows.map((row) => describe(row, now));
}

async function revokeToken(
  transaction: Transaction<FleetTables>,
  { id, withDevices, now }: { id: string; withDevices: boolean; now: number },
): Promise<EnrolToken> {
  const row = await transaction
    .selectFrom('enrol_tokens')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw new SatchelError('enrol-token-unknown');
  const revoked = row.revoked ?? now;
  await transaction.updateTable('enrol_tokens').set({ revoked }).where('id', '=', id).execute();
  if (withDevices)
    await transaction
      .updateTable('device_keys')
      .set({ revoked: now })
      .where('token', '=', id)
      .where('revoked', 'is', null)
      .execute();
  return describe({ ...row, revoked }, now);
}

async function enrol(
  transaction: Transaction<FleetTables>,
  { token, device, now }: { token: string; device: Enrolling; now: number },
): Promise<EnrolledDevice> {
  const row = await transaction
    .selectFrom('enrol_tokens')
    .selectAll()
    .where('token_hash', '=', hashOfToken(token))
    .executeTakeFirst();
  if (row === undefined) throw new SatchelError('enrol-token-unknown');
  const keyId = deviceKeyId(Buffer.from(device.key, 'base64url'));
  const known = await findKey(transaction, keyId);
  if (known !== undefined) {
    if (known.revoked !== null) throw new SatchelError('device-key-revoked');
    const isSame = known.serial === (device.serial ?? null) && known.device === device.device;
    if (!isSame) throw new SatchelError('device-serial-taken', { serial: device.serial ?? device.device });
    // Its answer may have been lost.
    if (known.token === row.id) return describeKey(known);
  }
  if (row.revoked !== null) throw new SatchelError('enrol-token-revoked');
  if (row.expires <= now) throw new SatchelError('enrol-token-expired', { expired: recordTime(row.expires) });
  if (row.used >= row.uses) throw new SatchelError('enrol-token-used', { uses: row.uses });
  await refuseTaken(transaction, device, keyId);
  await transaction
    .updateTable('enrol_tokens')
    .set({ used: row.used + 1 })
    .where('id', '=', row.id)
    .execute();
  await keepKey(transaction, { keyId, device, token: row.id, now });
  return describeKey((await findKey(transaction, keyId))!);
}

/** Whoever has a token must not become another device by it. */
async function refuseTaken(
  transaction: Transaction<FleetTables>,
  { serial, device }: Enrolling,
  keyId: string,
): Promise<void> {
  const other = await transaction
    .selectFrom('device_keys')
    .select('key_id')
    .where('revoked', 'is', null)
    .where('key_id', '!=', keyId)
    .where((where) =>
      where.or([
        where('device', '=', device),
        ...(serial === undefined ? [] : [where('serial', '=', serial)]),
      ]),
    )
    .executeTakeFirst();
  if (other !== undefined) throw new SatchelError('device-serial-taken', { serial: serial ?? device });
}

function describe(row: Selectable<EnrolTokenRow>, now: number): EnrolToken {
  const { id, note, uses, used } = row;
  return {
    id,
    note,
    created: recordTime(row.created),
    expires: recordTime(row.expires),
    uses,
    used,
    state: stateOf(row, now),
  };
}

function stateOf(
  { revoked, used, uses, expires }: Selectable<EnrolTokenRow>,
  now: number,
): EnrolToken['state'] {
  if (revoked !== null) return 'revoked';
  if (used >= uses) return 'used';
  return expires <= now ? 'expired' : 'open';
}
