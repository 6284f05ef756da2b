import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import { recordTime } from '../base/fields.ts';
import { rsaBits, rsaKeyId, serialiseKeyLine, signLine } from '../formats/signature-line.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';
import { keyFolder, type TellKeyFile } from './key-file.ts';

/** An RSA key that signs the lists for machines with a shell only. */
export type LiteKey = {
  /** The last 32 bytes of the public key, as signature lines name it. */
  readonly keyId: string;
  readonly publicKey: KeyObject;
  /** When it was made, UTC. */
  readonly created: string;
  /** The signature line of the bytes, without line feed. */
  sign(bytes: Uint8Array): string;
};

/**
 * The keys for satchel-lite. They stand apart from the roles: old versions of openssl know neither Ed25519 nor TUF.
 * All that are here sign; a device that trusts one of them learns the others from the signed list of its stream.
 */
export interface LiteKeys {
  /** The keys that are here; none is no error. Throws `key-invalid`. */
  load(): readonly LiteKey[];
  /** Makes and keeps one more key. */
  create(): LiteKey;
  /** Takes keys that were removed out of the file of public keys, so that no new device trusts them. */
  publish(): void;
  /** Where the public keys are for people to copy, one line each; absent for keys that are kept nowhere. */
  readonly publicFile?: string;
}

/**
 * Keys as files: `<directory>/online/lite/<key id>.json`, beside the keys of the online roles, because the lists
 * follow every publication. `<directory>/lite.public` has the public keys as `key01` lines.
 */
export function openLiteKeys(
  directory: string,
  clock: Clock = systemClock,
  tellExposed?: TellKeyFile,
): LiteKeys {
  const folder = keyFolder(join(directory, 'online', 'lite'), 'lite', tellExposed);
  const idOf = ({ privateKey }: { privateKey: KeyObject }) => rsaKeyId(createPublicKey(privateKey));
  const publicFile = join(directory, 'lite.public');
  const load = () => folder.ids().map((id) => liteKey(folder.read(id, idOf)));
  const publicText = () =>
    load()
      .map(({ publicKey }) => `${serialiseKeyLine(publicKey)}\n`)
      .join('');
  return {
    publicFile,
    load,
    publish() {
      const text = publicText();
      const held = readFileIfThere(publicFile)?.toString('latin1');
      // Who publishes may have the secret keys only, in a place where nothing can be written.
      if (held !== undefined && held !== text) writeFileAtomic(publicFile, text);
    },
    create() {
      const made = generate(clock);
      const key = liteKey(made);
      folder.write(key.keyId, made);
      writeFileAtomic(publicFile, publicText());
      return key;
    },
  };
}

/** Keys that are kept nowhere: for tests and simulations. */
export function memoryLiteKeys(clock: Clock = systemClock): LiteKeys {
  const keys: LiteKey[] = [];
  return {
    load: () => keys,
    publish() {},
    create() {
      const key = liteKey(generate(clock));
      keys.push(key);
      return key;
    },
  };
}

function generate(clock: Clock): { readonly created: string; readonly privateKey: KeyObject } {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: rsaBits });
  return { created: recordTime(clock()), privateKey };
}

function liteKey({ created, privateKey }: { created: string; privateKey: KeyObject }): LiteKey {
  const publicKey = createPublicKey(privateKey);
  return {
    keyId: rsaKeyId(publicKey),
    publicKey,
    created,
    sign: (bytes) => signLine(privateKey, bytes),
  };
}
