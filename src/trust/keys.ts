import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
} from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import { SatchelError, systemErrorCode } from '../base/errors.ts';
import { Fields, recordTime } from '../base/fields.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { systemError, withSystemErrors } from '../os/system-error.ts';
import type { JsonObject } from './metadata.ts';
import { allRoles, custodyOf, type Role } from './roles.ts';
import { canonicalBytes } from './signatures.ts';

/** A key that can sign. */
export type SigningKey = {
  readonly role: Role;
  /** SHA-256 of the public key in canonical JSON, as TUF names keys. */
  readonly keyId: string;
  /** The public key as TUF metadata carries it. */
  readonly publicKey: JsonObject;
  /** When it was made, UTC. */
  readonly created: string;
  /** The signature of the bytes, in hex. */
  sign(bytes: Uint8Array): string;
};

/** Where signing keys come from. */
export interface KeyRing {
  /** Where the keys are, for people. */
  readonly location: string;
  /** The keys of a role that are here, by key id; none is no error. Throws `key-invalid`. */
  load(role: Role): readonly SigningKey[];
  /** Makes and keeps a new key. */
  create(role: Role): SigningKey;
}

/** A key as it is listed for people: nothing secret. */
export type ListedKey = {
  readonly role: Role;
  readonly custody: 'offline' | 'online';
  readonly keyId: string;
  readonly created: string;
};

/**
 * Ed25519 keys as files: `<directory>/<offline|online>/<role>/<key id>.json`, files 0600 and folders 0700.
 * The folder `offline` may be moved to another machine as a whole; what is missing is then asked of it by a
 * signing request. Each file is one JSON object: `satchel` ("key"), `format` (1), `role`, `created` (UTC) and
 * `privateKey` (PKCS #8 in PEM); everything else is derived from it.
 */
export function openKeyDirectory(directory: string, clock: Clock = systemClock): KeyRing {
  const folderOf = (role: Role) => join(directory, custodyOf[role], role);
  return {
    location: directory,
    load(role) {
      const folder = folderOf(role);
      return namesIn(folder)
        .filter((name) => /^[0-9a-f]{64}\.json$/.test(name))
        .sort()
        .map((name) => readKey(join(folder, name), role));
    },
    create(role) {
      const { privateKey } = generateKeyPairSync('ed25519');
      const key = signingKey(role, privateKey, recordTime(clock()));
      const folder = folderOf(role);
      withSystemErrors('mkdir', folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
      const record = {
        satchel: 'key',
        format: 1,
        role,
        created: key.created,
        privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      };
      writeFileAtomic(join(folder, `${key.keyId}.json`), `${JSON.stringify(record, null, 2)}\n`, {
        mode: 0o600,
      });
      return key;
    },
  };
}

/** Every key of a ring, without its secret. */
export function listKeys(keys: KeyRing): ListedKey[] {
  return allRoles.flatMap((role) =>
    keys.load(role).map(({ keyId, created }) => ({ role, custody: custodyOf[role], keyId, created })),
  );
}

/** Keys that are kept nowhere: for tests and simulations. */
export function memoryKeyRing(clock: Clock = systemClock): KeyRing {
  const keys: SigningKey[] = [];
  return {
    location: 'memory',
    load: (role) => keys.filter((key) => key.role === role),
    create(role) {
      const key = signingKey(role, generateKeyPairSync('ed25519').privateKey, recordTime(clock()));
      keys.push(key);
      return key;
    },
  };
}

function signingKey(role: Role, privateKey: KeyObject, created: string): SigningKey {
  // The last 32 bytes of an Ed25519 public key in DER are the key itself.
  const raw = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).subarray(-32);
  const publicKey: JsonObject = {
    keytype: 'ed25519',
    scheme: 'ed25519',
    keyval: { public: raw.toString('hex') },
  };
  return {
    role,
    created,
    publicKey,
    keyId: hash('sha256', canonicalBytes(publicKey)),
    sign: (bytes) => sign(null, bytes, privateKey).toString('hex'),
  };
}

function readKey(path: string, role: Role): SigningKey {
  const bytes = withSystemErrors('read', path, () => readFileSync(path));
  try {
    const fields = Fields.parse(bytes, path);
    fields.expectFormat('key', 1);
    const privateKey = createPrivateKey(fields.text('privateKey'));
    const key = signingKey(role, privateKey, fields.time('created'));
    if (
      privateKey.asymmetricKeyType !== 'ed25519' ||
      fields.text('role') !== role ||
      !path.endsWith(`/${key.keyId}.json`)
    )
      throw new Error('the file does not hold the key that its name promises');
    return key;
  } catch (error) {
    throw new SatchelError('key-invalid', { path, role }, { cause: error });
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw systemError(error, 'read', folder);
  }
}
