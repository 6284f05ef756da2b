/** Keys behind a program: OpenSSL itself, and programs that do it wrong in every way. */
import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { serialiseKeyLine } from '../formats/signature-line.ts';
import { createKeyPair } from './key-files.ts';
import { openSigner } from './signer.ts';

const scratch = scratchFolder('signer command');
const message = Buffer.from('SHC00000001:20991231T235959Z:a record');
const passphrase = 'correct horse';
const key = () => scratch.file('master.private');
const openssl = (from = '-passin env:SATCHEL_PASSPHRASE') =>
  `openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:8 ${from} -sign '${key()}'`;

before(() => {
  createKeyPair(scratch.file('master'), passphrase);
});
after(() => scratch.remove());

/** The reference of a program in shell; `$1` is what it is to do. */
function program(name: string, lines: string): string {
  writeFileSync(scratch.file(name), `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
  return `command:"${scratch.file(name)}"`;
}

function isGood(publicKey: KeyObject, signature: Uint8Array): boolean {
  const how = { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 8 };
  return verify('sha256', message, how, signature);
}

const printKey = () => `if [ "$1" = public-key ]; then cat '${scratch.file('master.public')}'; exit; fi`;

describe('a program that signs', () => {
  test('may be OpenSSL itself, beside a public key', async () => {
    const signer = await openSigner(`command:public="${scratch.file('master.public')}" ${openssl()}`, {
      passphrase,
    });
    assert.ok(isGood(signer.publicKey, await signer.sign(message)));
  });

  test('may be asked for its public key, and print digits', async () => {
    const reference = program('digits', `${printKey()}\n${openssl()} | od -An -v -tx1 | tr -d ' \\n'`);
    const signer = await openSigner(reference, { passphrase });
    const signatures = await Promise.all([1, 2, 3].map(() => signer.sign(message)));
    for (const signature of signatures) assert.ok(isGood(signer.publicKey, signature));
  });

  test('runs a few times at once, whatever is asked for', async () => {
    const log = scratch.file('running');
    const lines = `${printKey()}\necho begin >> '${log}'\n${openssl()}\necho end >> '${log}'`;
    const signer = await openSigner(program('counted', lines), { passphrase });
    await Promise.all(Array.from({ length: 40 }, () => signer.sign(message)));
    let [running, most] = [0, 0];
    for (const line of readFileSync(log, 'utf8').trim().split('\n')) {
      running += line === 'begin' ? 1 : -1;
      most = Math.max(most, running);
    }
    assert.ok(most <= 4, `${most} at once`);
  });

  test('may show its key as a line', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const reference = program('line', `echo '${serialiseKeyLine(publicKey)}'`);
    assert.ok((await openSigner(reference)).publicKey.equals(publicKey));
  });
});

describe('refused with a sentence', () => {
  test('a signature of another kind, of other bytes, or cut', async () => {
    const wrong = [
      openssl().replace('saltlen:8', 'saltlen:32'),
      `echo other | ${openssl()}`,
      `${openssl()} | head -c 255`,
      'cat',
    ];
    for (const [i, lines] of wrong.entries()) {
      const signer = await openSigner(program(`wrong${i}`, `${printKey()}\n${lines}`), { passphrase });
      await assert.rejects(signer.sign(message), { code: 'signer-signature-wrong' });
    }
  });

  test('a program that fails, with its own words and without the passphrase', async () => {
    const reference = program('fails', `${printKey()}\necho 'the key sleeps' >&2; exit 3`);
    const signer = await openSigner(reference, { passphrase });
    await assert.rejects(signer.sign(message), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'signer-failed');
      assert.match(error.message, /the key sleeps/);
      assert.doesNotMatch(error.message, new RegExp(passphrase));
      return true;
    });
  });

  test('a program that talks without end', async () => {
    const signer = await openSigner(program('talks', `${printKey()}\nyes`), { passphrase });
    await assert.rejects(signer.sign(message), { code: 'signer-failed' });
  });

  test('a program that is not there, and none at all', async () => {
    await assert.rejects(openSigner('command:no-such-program'), { code: 'signer-program-missing' });
    await assert.rejects(openSigner('command: '), { code: 'signer-reference-invalid' });
    await assert.rejects(openSigner(`command:${scratch.file('absent')}`), { code: 'signer-failed' });
  });

  test('a key that laptops do not know', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 3072 });
    writeFileSync(scratch.file('large.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
    await assert.rejects(openSigner(program('large', `cat '${scratch.file('large.pem')}'`)), {
      code: 'signer-key-unfit',
    });
    await assert.rejects(openSigner(program('noise', 'head -c 300 /dev/urandom')), {
      code: 'signer-key-unfit',
    });
  });

  test('a program that waits, when nobody waits for it any more', async () => {
    const signer = await openSigner(program('waits', `${printKey()}\nexec tail -f /dev/null`));
    const stop = new AbortController();
    const signing = signer.sign(message, { signal: stop.signal });
    setImmediate(() => stop.abort());
    await assert.rejects(signing, { code: 'cancelled' });
  });
});
