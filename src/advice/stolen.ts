import { hash, randomBytes } from 'node:crypto';
import { SatchelError } from '../base/errors.ts';
import { Fields, recordTime } from '../base/fields.ts';
import { type Catalog, catalogOf } from '../repository/catalog.ts';
import type { ChangeContext } from '../repository/change-list.ts';
import { publishTargets } from '../trust/publisher.ts';

/**
 * The laptops that are called stolen, signed by the online role `streams`, so that every path that carries streams carries
 * it too. Serial numbers are not in it: a laptop stands there as the first 64 bits of SHA-256 over salt, colon and serial
 * number. (That hides them from a look at the file, not from somebody who tries all serial numbers.)
 */
export const stolenTarget = 'streams/_stolen.json';

/** The list as it is used. */
export type StolenList = {
  /** 16 hex digits; it stays for the life of the repository. */
  readonly salt: string;
  /** 16 hex digits each. */
  readonly devices: ReadonlySet<string>;
  /** When it was last changed, UTC. */
  readonly changed: string;
};

const format = 1;

/** Most laptops on the list. */
export const mostStolen = 100_000;

const shortHash = /^[0-9a-f]{16}$/;

/** Reads the list. Throws `record-invalid`, `record-newer`. */
export function parseStolen(bytes: Uint8Array): StolenList {
  const fields = Fields.parse(bytes, stolenTarget);
  fields.expectFormat('stolen', format);
  const salt = fields.text('salt');
  if (!shortHash.test(salt)) throw fields.wrong('salt');
  const devices = fields.texts('devices');
  if (devices.length > mostStolen || !devices.every((device) => shortHash.test(device)))
    throw fields.wrong('devices');
  return { salt, devices: new Set(devices), changed: fields.time('changed') };
}

/** The exact bytes of the list; its laptops in order. */
export function stolenBytes({ salt, devices, changed }: StolenList): Uint8Array {
  return Buffer.from(
    JSON.stringify({ satchel: 'stolen', format, salt, devices: [...devices].sort(), changed }),
    'utf8',
  );
}

/** True for a laptop on the list; of no list, for none. */
export function isStolen(list: StolenList | undefined, serial: string): boolean {
  return list?.devices.has(shortHashOf(list.salt, serial)) ?? false;
}

function shortHashOf(salt: string, serial: string): string {
  return hash('sha256', `${salt}:${serial}`).slice(0, 16);
}

/** The list of a repository; undefined where nothing was ever marked. Throws what reading the file throws. */
export async function readStolen(catalog: Catalog): Promise<StolenList | undefined> {
  const bytes = await catalog.note('streams', stolenTarget);
  return bytes && parseStolen(bytes);
}

/** What a change of marks did: those that were not so before. */
export type StolenChanged = { readonly changed: readonly string[] };

/**
 * Marks laptops as stolen or, with `stolen: false`, as recovered, in one publication; nothing is published when all of
 * them are so already. The online keys are enough. Throws `stolen-too-many`, `key-missing`, and what publishing throws.
 */
export async function markStolen(
  context: ChangeContext,
  serials: readonly string[],
  { stolen }: { readonly stolen: boolean },
): Promise<StolenChanged> {
  let changed: string[] = [];
  await publishTargets(context, async (current) => {
    const before = await readStolen(catalogOf(context.store, current, context.signal));
    const salt = before?.salt ?? randomBytes(8).toString('hex');
    const devices = new Set(before?.devices);
    changed = [...new Set(serials)].filter((serial) => devices.has(shortHashOf(salt, serial)) !== stolen);
    if (changed.length === 0) return {};
    for (const serial of changed) {
      if (stolen) devices.add(shortHashOf(salt, serial));
      else devices.delete(shortHashOf(salt, serial));
    }
    if (devices.size > mostStolen) throw new SatchelError('stolen-too-many', { most: mostStolen });
    const bytes = stolenBytes({ salt, devices, changed: recordTime(context.clock()) });
    return { streams: { add: [{ path: stolenTarget, bytes }] } };
  });
  return { changed };
}
