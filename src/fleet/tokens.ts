import { createHash, randomBytes } from 'node:crypto';
import type { Kysely, Selectable, Transaction } from 'kysely';
import { SatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import type { FleetTables, TokenRow } from './tables.ts';
import type { SiteToken } from './types.ts';

/** A person reads a token out over the telephone: no letter looks like another or like a digit. */
const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
const tokenLength = 24;

/** Milliseconds after its first use in which the same site may use a token again: the answer may have been lost. */
const graceAfterUse = 3_600_000;

/** How long a token is good for when nobody says otherwise, in milliseconds. */
export const defaultTokenLife = 30 * 86_400_000;

/** A site that joins. */
type Joining = { readonly id: string; readonly name: string };

/** Makes a token and keeps its hash. */
export async function createToken(
  database: Kysely<FleetTables>,
  { note, expires, now }: { note?: string | undefined; expires: number; now: number },
): Promise<SiteToken & { readonly token: string }> {
  const token = randomToken();
  const row: TokenRow = {
    id: randomBytes(4).toString('hex'),
    token_hash: hashOfToken(token),
    note: note ?? null,
    created: now,
    expires,
    used: null,
    used_by: null,
    used_name: null,
    revoked: null,
  };
  await database.insertInto('tokens').values(row).execute();
  return { ...describe(row, now), token };
}

/** All tokens, newest first. */
export async function listTokens(database: Kysely<FleetTables>, now: number): Promise<SiteToken[]> {
  const rows = await database
    .selectFrom('tokens')
    .selectAll()
    .orderBy('created', 'desc')
    .orderBy('id')
    .execute();
  return rows.map((row) => describe(row, now));
}

/** Trades a token for a secret. Throws `site-token-…`. */
export async function redeemToken(
  transaction: Transaction<FleetTables>,
  { token, site, now }: { token: string; site: Joining; now: number },
): Promise<{ readonly credential: string }> {
  const row = await transaction
    .selectFrom('tokens')
    .selectAll()
    .where('token_hash', '=', hashOfToken(token))
    .executeTakeFirst();
  if (row === undefined) throw new SatchelError('site-token-unknown');
  if (row.revoked !== null) throw new SatchelError('site-token-revoked');
  if (row.used !== null) {
    const isRepeated = row.used_by === site.id && Math.abs(now - row.used) <= graceAfterUse;
    if (!isRepeated) throw new SatchelError('site-token-used', { site: row.used_name ?? '' });
  } else if (row.expires !== null && row.expires <= now)
    throw new SatchelError('site-token-expired', { expired: recordTime(row.expires) });
  await transaction
    .updateTable('tokens')
    .set({ used: row.used ?? now, used_by: site.id, used_name: site.name })
    .where('id', '=', row.id)
    .execute();
  const credential = randomBytes(32).toString('base64url');
  await rememberSite(transaction, { site, credential, token: row.id, now });
  return { credential };
}

/** Keeps the hash of a site's secret in place of the one before. */
export async function rememberSite(
  database: Kysely<FleetTables>,
  { site, credential, token, now }: { site: Joining; credential: string; token: string | null; now: number },
): Promise<void> {
  const row = { name: site.name, credential_hash: hashOf(credential), token, joined: now };
  await database
    .insertInto('sites')
    .values({ id: site.id, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute();
}

/** The site with this secret. */
export async function siteOfCredential(
  database: Kysely<FleetTables>,
  credential: string,
): Promise<Joining | undefined> {
  const row = await database
    .selectFrom('sites')
    .select(['id', 'name'])
    .where('credential_hash', '=', hashOf(credential))
    .executeTakeFirst();
  return row && { id: row.id, name: row.name };
}

/** Makes a token worthless, and the secret that was got by it. Throws `site-token-unknown`. */
export async function revokeToken(
  transaction: Transaction<FleetTables>,
  { id, now }: { id: string; now: number },
): Promise<SiteToken> {
  const row = await transaction.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw new SatchelError('site-token-unknown');
  const revoked = row.revoked ?? now;
  await transaction.updateTable('tokens').set({ revoked }).where('id', '=', id).execute();
  await transaction.updateTable('sites').set({ credential_hash: null }).where('token', '=', id).execute();
  return describe({ ...row, revoked }, now);
}

function describe(row: Selectable<TokenRow>, now: number): SiteToken {
  return {
    id: row.id,
    note: row.note,
    created: recordTime(row.created),
    expires: row.expires === null ? null : recordTime(row.expires),
    state: stateOf(row, now),
    site: row.used_by === null ? null : { id: row.used_by, name: row.used_name ?? row.used_by },
  };
}

function stateOf({ revoked, used, expires }: Selectable<TokenRow>, now: number): SiteToken['state'] {
  if (revoked !== null) return 'revoked';
  if (used !== null) return 'used';
  return expires !== null && expires <= now ? 'expired' : 'open';
}

/** The hash of a token, however people write it: capitals, spaces and hyphens do not matter. */
export function hashOfToken(token: string): string {
  return hashOf(normalised(token));
}

/** 24 letters in groups of four: 118 bits, so a plain hash of it tells nobody what it was. */
export function randomToken(): string {
  let token = '';
  while (token.length < tokenLength) {
    // What is above the last whole multiple would make the first letters likelier.
    const usable = randomBytes(tokenLength).filter((byte) => byte < letters.length * 8);
    for (const byte of usable) token += letters[byte % letters.length];
  }
  return token.slice(0, tokenLength).replace(/(.{4})(?=.)/g, '$1-');
}

/** As people write it: capitals, spaces and hyphens do not matter. */
function normalised(token: string): string {
  return token.toLowerCase().replace(/[\s-]/g, '');
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
