import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { throwIfCancelled } from '../base/cancel.ts';
import { findProgram, tiedToParent } from '../os/process.ts';
import { removeTree } from '../os/remove-tree.ts';

/** What is to be verified, and with which keyring. */
export type DetachedSignature = {
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
  /** The home of GnuPG; the user's own when absent. */
  readonly keyring?: string | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** Most of what the program says that is looked at. */
const outputLimit = 64 * 1024;

/**
 * Checks a detached GPG signature by a key of the keyring that has neither run out nor been revoked. Undefined when it is
 * good, else why not, in the words of the program. Throws `cancelled`.
 */
export async function whyNotSigned(given: DetachedSignature): Promise<string | undefined> {
  const program = findProgram('gpg', 'gpg2');
  if (program === undefined) return 'gpg is not installed';
  const folder = mkdtempSync(join(tmpdir(), 'satchel-gpg-'));
  try {
    const [data, signature] = [join(folder, 'manifest'), join(folder, 'manifest.sig')];
    writeFileSync(data, given.bytes);
    writeFileSync(signature, given.signature);
    const home = given.keyring === undefined ? [] : ['--homedir', given.keyring];
    const words = [...home, '--batch', '--no-tty', '--status-fd', '1', '--verify', signature, data];
    const { exitCode, status, said } = await run([...tiedToParent(), program, ...words], given.signal);
    // A key that has run out gives another word than GOODSIG, and the code 0 all the same.
    if (exitCode === 0 && /^\[GNUPG:\] GOODSIG /m.test(status) && /^\[GNUPG:\] VALIDSIG /m.test(status))
      return undefined;
    return said.trim().split('\n').at(-1) || 'gpg says nothing';
  } finally {
    removeTree(folder);
  }
}

function run(
  [program = '', ...words]: readonly string[],
  signal: AbortSignal | undefined,
): Promise<{ exitCode: number | null; status: string; said: string }> {
  throwIfCancelled(signal);
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
    const stop = () => child.kill('SIGKILL');
    signal?.addEventListener('abort', stop, { once: true });
    let [status, said] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      status = (status + text).slice(0, outputLimit);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-outputLimit);
    });
    child.once('error', reject);
    child.once('close', (exitCode) => {
      signal?.removeEventListener('abort', stop);
      try {
        throwIfCancelled(signal);
        resolve({ exitCode, status, said });
      } catch (error) {
        reject(error);
      }
    });
  });
}
