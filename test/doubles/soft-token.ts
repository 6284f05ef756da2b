import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A token made of files, which SoftHSM shows through PKCS#11. */
export type SoftToken = {
  readonly module: string;
  readonly label: string;
  readonly pin: string;
  /** What a process needs in its environment to see the token. */
  readonly environment: { readonly SOFTHSM2_CONF: string };
  /** Makes an RSA key of 2048 bits in the token; `words` go to `pkcs11-tool`. */
  makeKey(name: string, id: string, ...words: string[]): void;
};

const modules = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib64/softhsm/libsofthsm.so'];

/** Makes a token with its own configuration in a folder. */
export function createSoftToken(folder: string, label: string): SoftToken {
  const module = modules.find((path) => existsSync(path));
  if (module === undefined) throw new Error('SoftHSM is not installed');
  mkdirSync(join(folder, 'tokens'), { recursive: true });
  const configuration = join(folder, 'softhsm2.conf');
  writeFileSync(configuration, `directories.tokendir = ${join(folder, 'tokens')}\nlog.level = ERROR\n`);
  const environment = { SOFTHSM2_CONF: configuration };
  const pin = '4711-token';
  const run = (program: string, words: readonly string[]) =>
    execFileSync(program, words, { env: { ...process.env, ...environment }, stdio: 'pipe' });
  run('softhsm2-util', ['--init-token', '--free', '--label', label, '--so-pin', '12345678', '--pin', pin]);
  return {
    module,
    label,
    pin,
    environment,
    makeKey(name, id, ...words) {
      const login = ['--module', module, '--token-label', label, '--login', '--pin', pin];
      run('pkcs11-tool', [
        ...login,
        '--keypairgen',
        '--key-type',
        'rsa:2048',
        '--label',
        name,
        '--id',
        id,
        ...words,
      ]);
    },
  };
}
