import type { Kysely } from 'kysely';
import type { FleetTables } from './tables.ts';

/** Sites that one answer names: the next answer names the rest. */
const mostNamed = 200;

/** The sites that joined and whose secret was made worthless since. */
export async function revokedSites(database: Kysely<FleetTables>): Promise<ReadonlySet<string>> {
  const rows = await database
    .selectFrom('sites')
    .select('id')
    .where('joined', 'is not', null)
    .where('credential_hash', 'is', null)
    .execute();
  return new Set(rows.map(({ id }) => id));
}

/** Those of these revoked sites that a site is to hear of: the ones below it, and those whose reports it passed on. */
export async function revokedBelow(
  database: Kysely<FleetTables>,
  { site, revoked, named }: { site: string; revoked: ReadonlySet<string>; named: ReadonlySet<string> },
): Promise<readonly string[]> {
  if (revoked.size === 0) return [];
  const rows = await database.selectFrom('sites').select(['id', 'parent']).execute();
  const parents = new Map(rows.map(({ id, parent }) => [id, parent]));
  const isBelow = (id: string) => {
    const seen = new Set<string>();
    for (let at = parents.get(id); at != null && !seen.has(at); at = parents.get(at)) {
      if (at === site) return true;
      seen.add(at);
    }
    return false;
  };
  const others = [...revoked].filter((id) => !named.has(id) && id !== site && isBelow(id));
  return [...named, ...others].slice(0, mostNamed);
}

/** Forgets the secrets of these sites, unless they joined anew after `before`: what told of it is older then. */
export async function refuseSites(
  database: Kysely<FleetTables>,
  { ids, before }: { ids: readonly string[]; before: number },
): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const rows = await database
    .updateTable('sites')
    .set({ credential_hash: null })
    .where('id', 'in', [...ids])
    .where('credential_hash', 'is not', null)
    .where('joined', '<=', before)
    .returning('id')
    .execute();
  return rows.map(({ id }) => id);
}
