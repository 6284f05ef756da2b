import { createPublicKey, generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import { recordTime } from '../base/fields.ts';
import { type Reporter, silentReporter } from '../base/progress.ts';
import { keyFolder, type TellKeyFile } from './key-file.ts';
import { type LiteKeys, memoryLiteKeys, openLiteKeys } from './lite-keys.ts';
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
  /** The keys for machines with a shell only, which are no keys of a role. */
  readonly lite: LiteKeys;
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
 * signing request. The reporter is told once when a secret can be read by others on the machine. Each file is one JSON object: `satchel` ("key"), `format` (1), `role`, `created` (UTC) and
 * `privateKey` (PKCS #8 in PEM); everything else is derived from it.
 */
export function openKeyDirectory(
  directory: string,
  clock: Clock = systemClock,
  reporter: Reporter = silentReporter,
): KeyRing {
  const tellExposed = tellOnce(reporter);
  const folderOf = (role: Role) => join(directory, custodyOf[role], role);
  return {
    location: directory,
    lite: openLiteKeys(directory, clock, tellExposed),
    load(role) {
      const folder = keyFolder(folderOf(role), role, tellExposed);
      return folder.ids().map((id) => {
        const { privateKey, created } = folder.read(id, (kept) => ed25519Id(kept.privateKey));
        return signingKey(role, privateKey, created);
      });
    },
    create(role) {
      const { privateKey } = generateKeyPairSync('ed25519');
      const key = signingKey(role, privateKey, recordTime(clock()));
      keyFolder(folderOf(role), role).write(key.keyId, { created: key.created, privateKey });
      return key;
    },
  };
}

/** One sentence is enough for all keys: they mostly have become readable together. */
function tellOnce(reporter: Reporter): TellKeyFile {
  let isTold = false;
  return (path) => {
    if (!isTold) reporter.notice('key-file-exposed', { path });
    isTold = true;
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
    lite: memoryLiteKeys(clock),
    load: (role) => keys.filter((key) => key.role === role),
    create(role) {
      const key = signingKey(role, generateKeyPairSync('ed25519').privateKey, recordTime(clock()));
      keys.push(key);
      return key;
    },
  };
}

function signingKey(role: Role, privateKey: KeyObject, created: string): SigningKey {
  const publicKey = tufKey(privateKey);
  return {
    role,
    created,
    publicKey,
    keyId: hash('sha256', canonicalBytes(publicKey)),
    sign: (bytes) => sign(null, bytes, privateKey).toString('hex'),
  };
}

function tufKey(privateKey: KeyObject): JsonObject {
  // The last 32 bytes of an Ed25519 public key in DER are the key itself.
  const raw = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).subarray(-32);
  return { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: raw.toString('hex') } };
}

/** The id of a key that was kept; another kind of key has none. */
function ed25519Id(privateKey: KeyObject): string {
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error('this is no Ed25519 key');
  return hash('sha256', canonicalBytes(tufKey(privateKey)));
}
