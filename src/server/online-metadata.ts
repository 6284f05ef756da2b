import { readFile } from 'node:fs/promises';
import { SatchelError } from '../base/errors.ts';

/** The roles that the server itself renews, beside `timestamp` and `snapshot` (the design's "Trust"). */
const onlineRoles = ['streams', 'deltas'] as const;

/** One signed metadata file as far as the server looks into it; signatures are the clients' business. */
type Signed = { readonly version: number; readonly expires: number; readonly meta: Record<string, unknown> };

/** The bytes of `metadata/timestamp.json`, which changes with every publication and renewal. */
export async function readTimestamp(directory: string): Promise<Buffer> {
  return await readMetadata(directory, 'metadata/timestamp.json');
}

/**
 * Throws `server-metadata-unreadable` or `server-metadata-expired` when a device would not find the chain of
 * online metadata: the timestamp, the snapshot that it names, and the online roles that the snapshot names.
 */
export async function checkOnlineMetadata(directory: string, now: number): Promise<void> {
  const look = async (name: string): Promise<Signed> => {
    const signed = parseSigned(name, await readMetadata(directory, name));
    if (signed.expires <= now) {
      throw new SatchelError('server-metadata-expired', {
        name,
        date: new Date(signed.expires).toISOString(),
      });
    }
    return signed;
  };
  const timestamp = await look('metadata/timestamp.json');
  const snapshotName = versioned(timestamp, 'snapshot', 'metadata/timestamp.json');
  const snapshot = await look(snapshotName);
  for (const role of onlineRoles) {
    if (snapshot.meta[`${role}.json`] !== undefined) await look(versioned(snapshot, role, snapshotName));
  }
}

async function readMetadata(directory: string, name: string): Promise<Buffer> {
  try {
    return await readFile(`${directory}/${name}`);
  } catch (cause) {
    throw new SatchelError('server-metadata-unreadable', { name }, { cause });
  }
}

function parseSigned(name: string, bytes: Buffer): Signed {
  try {
    const signed = field(JSON.parse(bytes.toString('utf8')), 'signed');
    const version = Number(field(signed, 'version'));
    const expires = Date.parse(String(field(signed, 'expires')));
    if (Number.isSafeInteger(version) && !Number.isNaN(expires)) {
      return { version, expires, meta: { ...(field(signed, 'meta') as object | undefined) } };
    }
  } catch (cause) {
    throw new SatchelError('server-metadata-unreadable', { name }, { cause });
  }
  throw new SatchelError('server-metadata-unreadable', { name });
}

/** File name of the version of a role that other metadata names. */
function versioned(signed: Signed, role: string, name: string): string {
  const version = field(signed.meta[`${role}.json`], 'version');
  if (!Number.isSafeInteger(version)) throw new SatchelError('server-metadata-unreadable', { name });
  return `metadata/${version}.${role}.json`;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
