import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { masterKeyHex, oats, sample, sampleKeyHex } from '../formats/signature-line.testkit.ts';
import { parseKeyLine } from '../formats/signature-line.ts';
import { laptop, laptopTime } from '../lease/laptop.ts';
import { makeDelegation } from '../lease/make.ts';
import * as vectors from '../lease/records.testkit.ts';
import { type Delegation, parseRecord } from '../lease/records.ts';
import { signerOfKey } from '../lease/signer.ts';
import {
  makeOatsAnswer,
  type OatsAnswer,
  type OatsTrust,
  readOatsAnswer,
  verifyOatsAnswer,
} from './oats-answer.ts';
import { makeOatsEnvelope, parseOatsEnvelope } from './oats-envelope.ts';
import { defaultOatsNames } from './oats-names.ts';
import { oatsSign, oatsSignThrough } from './oats-sign.ts';

const mine = laptop('SHC00000001:1273E0EC-AEF1-9FF6-45B2-FB706DC24B8D');
const master = parseKeyLine(`key01: ${masterKeyHex}`);
const now = Date.UTC(2026, 0, 1);
const hash = 'bbcd2c7ef7dc30e68f06a28ddaa23120fb587808d397e46f5b0970095d3d99c6' as Sha256;
const ours = generateKeyPairSync('rsa', { modulusLength: 2048 });
const signer = signerOfKey(ours.privateKey);
const trust: OatsTrust = { keys: [ours.publicKey], serial: mine.serial, nonce: '12345678', now };

function refused(body: Uint8Array, against: Partial<OatsTrust> = {}): string {
  try {
    verifyOatsAnswer(body, { ...trust, ...against });
  } catch (error) {
    if (isSatchelError(error)) return error.code;
    throw error;
  }
  return 'accepted';
}

const whole: OatsAnswer = {
  nonce: '12345678',
  time: laptopTime(now),
  lease: `${vectors.leaseDirect}\n${vectors.leaseThrough}\n`,
  stolen: true,
  update: { hash, name: 'py802-1', priority: 'high', updatePath: 'rsync://schoolserver/build-py802-1' },
};

describe('answers that others made', () => {
  const body = (nonce: string, time: string, line: string) =>
    Buffer.from(
      `["oatc-signed-resp",1,[["oatc-resp",1,{"nonce":"${nonce}","time":"${time}"}],["sig",1,["${line}\n"]]]]`,
    );

  test('a line of the original signer verifies', () => {
    const answer = verifyOatsAnswer(body('12345678', '20260101T000000Z', oats), { ...trust, keys: [master] });
    assert.deepEqual(answer, { nonce: '12345678', time: '20260101T000000Z' });
  });

  test('the sample of the firmware is read and does not verify', () => {
    const key = createPublicKey({ key: Buffer.from(sampleKeyHex, 'hex'), format: 'der', type: 'pkcs1' });
    const bytes = body('12345678\n', '20120619T144129Z', sample);
    assert.deepEqual(readOatsAnswer(parseOatsEnvelope(bytes)), {
      nonce: '12345678\n',
      time: '20120619T144129Z',
    });
    assert.equal(refused(bytes, { keys: [key] }), 'lease-signature-wrong');
    assert.equal(refused(bytes, { ignoreSignatures: true }), 'accepted');
  });
});

describe('answers', () => {
  test('all that was said is read, and is signed as it stands in the body', async () => {
    const body = await makeOatsAnswer(whole, oatsSign(signer));
    assert.deepEqual(verifyOatsAnswer(body, trust), whole);
    const { signed } = parseOatsEnvelope(body);
    const start = body.indexOf('["oatc-resp"');
    assert.deepEqual(Buffer.from(signed), body.subarray(start, start + signed.length));
  });

  test('a site signs through the delegation of the laptop, and of no other', async () => {
    const site = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const line = await makeDelegation(mine, { signer, to: site.publicKey, expiry: laptopTime(now + 1000) });
    const delegation = parseRecord(line.trimEnd()) as Delegation;
    const sign = oatsSignThrough(signerOfKey(site.privateKey), { serial: mine.serial, delegation });
    const body = await makeOatsAnswer(whole, sign);
    assert.deepEqual(verifyOatsAnswer(body, trust), whole);
    assert.equal(
      refused(body, { serial: laptop(`SHC00000002:${mine.uuid}`).serial }),
      'lease-signature-wrong',
    );
    assert.equal(refused(body, { keys: [site.publicKey] }), 'lease-key-unknown');
    assert.equal(refused(body, { now: now + 2000 }), 'lease-signature-expired');
    const none = oatsSignThrough(signer, { serial: mine.serial, delegation: undefined });
    await assert.rejects(makeOatsAnswer(whole, none), { code: 'lease-delegation-missing' });
  });

  test('an answer to another question, with no signature or with a second wrong one is refused', async () => {
    const body = await makeOatsAnswer(whole, oatsSign(signer));
    assert.equal(refused(body, { nonce: '12345679' }), 'oats-answer-other');
    assert.equal(refused(await makeOatsAnswer(whole, async () => [])), 'oats-answer-unsigned');
    const strange = oatsSign(signerOfKey(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey));
    const both = async (bytes: Uint8Array) => [...(await oatsSign(signer)(bytes)), ...(await strange(bytes))];
    assert.equal(refused(await makeOatsAnswer(whole, both)), 'lease-key-unknown');
  });

  test('any changed byte of it is refused', async () => {
    const body = await makeOatsAnswer(whole, oatsSign(signer));
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(body);
        changed[at] = changed[at]! ^ change;
        assert.notEqual(refused(changed), 'accepted');
      }),
      { numRuns: 300 },
    );
  });

  test('no bytes at all make a reader fail otherwise than with a sentence', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          assert.notEqual(refused(bytes), 'accepted');
          const framed = Buffer.concat([Buffer.from('["oatc-signed-resp",1,['), bytes, Buffer.from(']]')]);
          assert.notEqual(refused(framed), 'accepted');
        },
      ),
      { numRuns: 500 },
    );
  });

  test('every nonce comes back byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 64 }), async (bytes) => {
        const nonce = Buffer.from(bytes).toString('latin1').replace(/\n$/, '');
        const body = await makeOatsAnswer({ nonce, time: laptopTime(now) }, async () => []);
        const read = verifyOatsAnswer(body, { ...trust, nonce, ignoreSignatures: true });
        assert.equal(read.nonce, nonce);
      }),
    );
  });
});

describe('names of fields', () => {
  const names = { ...defaultOatsNames, lease: ['leases', 'lease'], update: ['advice'], hash: ['version'] };

  test('an answer is written under all names and read under the first that is there', async () => {
    const body = await makeOatsAnswer(whole, oatsSign(signer), names);
    assert.deepEqual(verifyOatsAnswer(body, { ...trust, names }), whole);
    const byDefault = verifyOatsAnswer(body, trust);
    assert.equal(byDefault.lease, whole.lease);
    assert.equal(byDefault.update, undefined);
  });

  const given: Readonly<Record<string, string>> = {
    'a lease of another kind': 'lease',
    'a lease that is a number': 'lease',
    'a mark of theft that is text': 'stolen',
    'an update without a hash': 'hash',
    'an update that is a list': 'update',
    'a name of a build with a slash': 'name',
    'a time that does not exist': 'time',
  };
  const bad = {
    'a lease of another kind': { lease: 'dev01: x\n' },
    'a lease that is a number': { lease: 4 },
    'a mark of theft that is text': { stolen: 'yes' },
    'an update without a hash': { update: { name: 'x' } },
    'an update that is a list': { update: [] },
    'a name of a build with a slash': { update: { hash, name: '../x' } },
    'a time that does not exist': { time: '20260230T000000Z' },
  };
  for (const [what, fields] of Object.entries(bad))
    test(`${what} is refused by name`, async () => {
      const body = await makeOatsEnvelope(
        { nonce: '12345678', time: '20260101T000000Z', ...fields },
        oatsSign(signer),
      );
      assert.throws(() => verifyOatsAnswer(body, trust), {
        code: 'oats-answer-field',
        parameters: { field: given[what] },
      });
    });

  test('what is not known is left out', async () => {
    const fields = { nonce: '12345678', time: '20260101T000000Z', zoo: [null, { a: 1 }], lease: null };
    const body = await makeOatsEnvelope(fields, oatsSign(signer));
    assert.deepEqual(verifyOatsAnswer(body, trust), { nonce: '12345678', time: '20260101T000000Z' });
  });
});

test('the keys may be several, in any order', async () => {
  const keys: KeyObject[] = [master, ours.publicKey];
  assert.equal(refused(await makeOatsAnswer(whole, oatsSign(signer)), { keys }), 'accepted');
});
