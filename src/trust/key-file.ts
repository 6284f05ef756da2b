import { createPrivateKey, type KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import { Fields } from '../base/fields.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { listIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';

/** A private key and when it was made (UTC). */
export type KeptKey = { readonly created: string; readonly privateKey: KeyObject };

/** Is told the path of a secret key that others on the machine may read. */
export type TellKeyFile = (path: string) => void;

/**
 * The keys of one role as files of one folder, `<key id>.json`, 0600 in a folder 0700. Each is one JSON object:
 * `satchel` ("key"), `format` (1), `role`, `created` (UTC) and `privateKey` (PKCS #8 in PEM).
 * A key that group or others may read is used all the same, because the copies that matter may have been made already;
 * `tellExposed` is told of it.
 */
export function keyFolder(folder: string, role: string, tellExposed?: TellKeyFile) {
  const fileOf = (keyId: string) => join(folder, `${keyId}.json`);
  return {
    /** Ids of the keys that are here, in order; none is no error. */
    ids: (): string[] =>
      listIfThere(folder)
        .filter((name) => /^[0-9a-f]{64}\.json$/.test(name))
        .map((name) => name.slice(0, 64))
        .sort(),

    /** Reads a key whose id `idOf` works out again from what was read. Throws `key-invalid`. */
    read(keyId: string, idOf: (key: KeptKey) => string): KeptKey {
      const path = fileOf(keyId);
      const bytes = withSystemErrors('read', path, () => {
        if ((statSync(path).mode & 0o044) !== 0) tellExposed?.(path);
        return readFileSync(path);
      });
      try {
        const fields = Fields.parse(bytes, path);
        fields.expectFormat('key', 1);
        const key = {
          created: fields.time('created'),
          privateKey: createPrivateKey(fields.text('privateKey')),
        };
        if (fields.text('role') !== role || idOf(key) !== keyId)
          throw new Error('the file does not hold the key that its name promises');
        return key;
      } catch (error) {
        throw new SatchelError('key-invalid', { path, role }, { cause: error });
      }
    },

    /** Keeps a key, durably. */
    write(keyId: string, { created, privateKey }: KeptKey): void {
      withSystemErrors('mkdir', folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
      const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
      const record = { satchel: 'key', format: 1, role, created, privateKey: pem };
      writeFileAtomic(fileOf(keyId), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
    },
  };
}
