/** Keys in a token, by the library of SoftHSM. */
import assert from 'node:assert/strict';
import { constants, type KeyObject, verify } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { createSoftToken, type SoftToken } from '../../test/doubles/soft-token.ts';
import { isSatchelError } from '../base/errors.ts';
import { defaultOfficeSettings, writeOfficeSettings } from './office-settings.ts';
import { keepTools } from './office-signer.ts';
import { openSigner, type Signer } from './signer.ts';
import { openModule } from './signer-module.ts';

const scratch = scratchFolder('signer-token');
const message = Buffer.from('SHC00000001:20991231T235959Z:a record');
let token: SoftToken;

before(() => {
  token = createSoftToken(scratch.file('token'), 'mothership');
  token.makeKey('leases', '01');
  token.makeKey('other', '02');
  token.makeKey('careful', '03', '--always-auth');
  process.env.SOFTHSM2_CONF = token.environment.SOFTHSM2_CONF;
});
after(() => {
  delete process.env.SOFTHSM2_CONF;
  scratch.remove();
});

const uri = (key: string, more = '') =>
  `pkcs11:token=${token.label};${key}?module-path=${token.module}${more}`;

function isGood(key: KeyObject, signature: Uint8Array, bytes: Uint8Array = message): boolean {
  return verify('sha256', bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 8 }, signature);
}

async function withSigner<T>(reference: string, use: (signer: Signer) => Promise<T>): Promise<T> {
  const signer = await openSigner(reference, { passphrase: token.pin });
  try {
    return await use(signer);
  } finally {
    await signer.close();
  }
}

describe('a key in a token', () => {
  test('signs what laptops take, many at once', () =>
    withSigner(uri('object=leases'), async (signer) => {
      const messages = Array.from({ length: 40 }, (_, i) => Buffer.from(`record ${i}`));
      const signatures = await Promise.all(messages.map((bytes) => signer.sign(bytes)));
      for (const [i, bytes] of messages.entries())
        assert.ok(isGood(signer.publicKey, signatures[i] as Uint8Array, bytes));
    }));

  test('is found by its id, and is another than its neighbour', async () => {
    const one = await withSigner(uri('id=%01'), async ({ publicKey }) => publicKey);
    const same = await withSigner(uri('object=leases'), async ({ publicKey }) => publicKey);
    const other = await withSigner(uri('id=%02'), async ({ publicKey }) => publicKey);
    assert.ok(one.equals(same));
    assert.ok(!one.equals(other));
  });

  test('that wants its PIN before each signature gets it', () =>
    withSigner(uri('object=careful'), async (signer) => {
      for (const turn of ['once', 'twice'])
        assert.ok(isGood(signer.publicKey, await signer.sign(Buffer.from(turn)), Buffer.from(turn)));
    }));

  test('signs again after its sessions were closed by others', () =>
    withSigner(uri('object=leases'), async (signer) => {
      await signer.sign(message);
      const module = await openModule(token.module);
      const [found] = (await module.tokens()).filter(({ token: label }) => label === token.label);
      assert.ok(found);
      await module.closeAllSessions(found.slot);
      const signatures = await Promise.all([1, 2, 3].map(() => signer.sign(message)));
      for (const signature of signatures) assert.ok(isGood(signer.publicKey, signature));
    }));

  test('signs again when the key is back, however often it was missed meanwhile', () =>
    withSigner(uri('object=leases'), async (signer) => {
      const module = await openModule(token.module);
      const [found] = (await module.tokens()).filter(({ token: label }) => label === token.label);
      assert.ok(found);
      const [folder = ''] = readdirSync(scratch.file('token/tokens'));
      const inside = scratch.file('token/tokens', folder);
      const keys = readdirSync(inside).filter((name) => /\.object$/.test(name) && name !== 'token.object');
      mkdirSync(scratch.file('away'));
      for (const name of keys) renameSync(join(inside, name), scratch.file('away', name));
      // Another program that changes the token has its library look at the files anew.
      token.makeKey('change', '04');
      await module.closeAllSessions(found.slot);
      for (let times = 0; times < 3; times += 1)
        await assert.rejects(signer.sign(message), { code: 'signer-key-missing' });
      for (const name of keys) renameSync(scratch.file('away', name), join(inside, name));
      token.makeKey('another', '05');
      const signatures = await Promise.all([1, 2, 3].map(() => signer.sign(message)));
      for (const signature of signatures) assert.ok(isGood(signer.publicKey, signature));
    }));

  test('takes the PIN from a file that the URI names', async () => {
    writeFileSync(scratch.file('pin'), `${token.pin}\n`);
    const signer = await openSigner(uri('object=leases', `&pin-source=file:${scratch.file('pin')}`));
    assert.ok(isGood(signer.publicKey, await signer.sign(message)));
    await signer.close();
  });
});

describe('refused with a sentence', () => {
  const refusals: readonly [what: string, reference: () => string, code: string, passphrase?: string][] = [
    ['a wrong PIN', () => uri('object=leases'), 'signer-pin-wrong', 'wrong'],
    ['no PIN', () => uri('object=leases'), 'signer-pin-needed', ''],
    ['a PIN for everybody to see', () => uri('object=leases', '&pin-value=4711'), 'signer-pin-in-reference'],
    ['a key that is not there', () => uri('object=none'), 'signer-key-missing'],
    ['a key of several', () => `pkcs11:token=mothership?module-path=${token.module}`, 'signer-key-unclear'],
    [
      'a token that is not there',
      () => `pkcs11:token=none?module-path=${token.module}`,
      'signer-token-missing',
    ],
    ['a library that is none', () => 'pkcs11:object=x?module-path=/etc/passwd', 'signer-module-unusable'],
    ['a library that is another', () => 'pkcs11:object=x?module-path=libc.so.6', 'signer-module-unusable'],
    ['a word that no URI has', () => 'pkcs11:colour=red?module-path=/x', 'signer-reference-invalid'],
    ['a word with half an escape', () => 'pkcs11:token=%ff?module-path=/x', 'signer-reference-invalid'],
    ['another kind of object', () => uri('type=cert'), 'signer-reference-invalid'],
  ];
  for (const [what, reference, code, passphrase] of refusals)
    test(what, async () => {
      await assert.rejects(openSigner(reference(), { passphrase: passphrase ?? token.pin }), { code });
    });

  test('a wrong PIN, and a place that serves does not try it until the token locks itself', async () => {
    const directory = scratch.file('office');
    mkdirSync(directory);
    writeFileSync(scratch.file('wrong'), 'wrong\n');
    const settings = { ...defaultOfficeSettings, key: uri('object=leases') };
    writeOfficeSettings(directory, { ...settings, passphraseFile: scratch.file('wrong') });
    let now = 0;
    const told: unknown[] = [];
    const tools = keepTools(directory, {
      onFailure: (error) => told.push(error),
      now: () => now,
      signal: new AbortController().signal,
    });
    for (let hours = 0; hours < 5; hours += 1) {
      assert.equal(await tools.current(), undefined);
      now += 3_600_000;
    }
    assert.deepEqual(
      told.map((error) => isSatchelError(error) && error.code),
      ['signer-pin-wrong'],
    );
    writeFileSync(scratch.file('right'), `${token.pin}\n`);
    writeOfficeSettings(directory, { ...settings, passphraseFile: scratch.file('right') });
    assert.ok(await tools.current());
    await tools.close();
  });

  test('no PIN, of a library that the environment names', async () => {
    process.env.SATCHEL_PKCS11_MODULE = token.module;
    try {
      await assert.rejects(openSigner(`pkcs11:token=${token.label};object=leases`), {
        code: 'signer-pin-needed',
      });
    } finally {
      delete process.env.SATCHEL_PKCS11_MODULE;
    }
  });

  test('a signature that nobody waits for any more', () =>
    withSigner(uri('object=leases'), async (signer) => {
      await assert.rejects(signer.sign(message, { signal: AbortSignal.abort() }), { code: 'cancelled' });
      assert.ok(isGood(signer.publicKey, await signer.sign(message)));
    }));
});
