import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import { parseKeyLine } from '../formats/signature-line.ts';
import { type Laptop, laptop, laptopTime, never } from './laptop.ts';
import * as vectors from './records.testkit.ts';
import {
  clockResetMessage,
  type LaptopRecord,
  parseRecord,
  permissionMessage,
  serialiseRecord,
  verifyDelegation,
  verifyRecord,
} from './records.ts';
import {
  delegate,
  parseChain,
  type SignatureChain,
  signBound,
  signRecord,
  signThrough,
  verifyChain,
} from './signature-chain.ts';
import { signerOfKey } from './signer.ts';

const mine = laptop('SHC00000001:1273E0EC-AEF1-9FF6-45B2-FB706DC24B8D');
const other = laptop('SHC00000002:1273E0EC-AEF1-9FF6-45B2-FB706DC24B8D');
const master = parseKeyLine(`key01: ${vectors.masterKeyHex}`);
const server = parseKeyLine(`key01: ${vectors.serverKeyHex}`);
const now = Date.UTC(2026, 0, 1);
const trust = { laptop: mine, keys: [master], now };

const signedLines = {
  'a lease': vectors.leaseDirect,
  'a lease bound to its laptop': vectors.leaseBound,
  'a lease through a delegation': vectors.leaseThrough,
  'a developer key': vectors.developerKey,
  'a reset of the clock': vectors.clockReset,
  'a reset of the clock through a delegation': vectors.clockResetThrough,
} as const;

function verify(line: string, against: Partial<typeof trust> = {}): number {
  const record = parseRecord(line);
  if (record.type === 'del01') throw new Error('not here');
  return verifyRecord(record, { ...trust, ...against });
}

function refused(line: string, against: Partial<typeof trust> = {}): string {
  try {
    verify(line, against);
  } catch (error) {
    if (isSatchelError(error)) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('records of the original signer', () => {
  for (const [what, line] of Object.entries(signedLines)) {
    test(`${what} verifies`, () => {
      assert.ok(verify(line) >= now);
    });
    test(`${what} is written as it was read`, () => {
      assert.equal(serialiseRecord(parseRecord(line)), line);
    });
    test(`${what} is of use to no other laptop`, () => {
      assert.equal(refused(line, { laptop: other }), 'lease-of-another');
      const renamed = line.replaceAll('SHC00000001', 'SHC00000002');
      assert.equal(refused(renamed, { laptop: other }), 'lease-signature-wrong');
      const otherUuid = { ...mine, uuid: laptop('SHC00000001:0273E0EC-AEF1-9FF6-45B2-FB706DC24B8D').uuid };
      assert.equal(refused(line, { laptop: otherUuid }), 'lease-signature-wrong');
    });
    test(`${what} with any one character changed is refused`, () => {
      fc.assert(
        fc.property(
          fc.nat(line.length - 1),
          fc.constantFrom('0', '1', 'a', 'A', 'K', ' ', '~'),
          (at, put) => {
            fc.pre(line[at] !== put);
            assert.notEqual(refused(`${line.slice(0, at)}${put}${line.slice(at + 1)}`), 'accepted');
          },
        ),
        { numRuns: 150 },
      );
    });
    test(`${what} is of no use where its key is not trusted`, () => {
      assert.equal(refused(line, { keys: [] }), 'lease-key-unknown');
      assert.equal(refused(line, { keys: [server] }), 'lease-key-unknown');
    });
  }

  test('a lease ends at its time, in the last second too', () => {
    const end = Date.UTC(2099, 11, 31, 23, 59, 59);
    assert.equal(verify(vectors.leaseDirect), end);
    assert.equal(refused(vectors.leaseDirect, { now: end }), 'accepted');
    assert.equal(refused(vectors.leaseDirect, { now: end + 1000 }), 'lease-expired');
    assert.equal(refused(vectors.developerKey, { now: end + 1000 }), 'accepted');
    assert.equal(refused(vectors.clockResetThrough, { now: end + 1000 }), 'lease-signature-expired');
  });

  test('the delegation verifies for the key that it names', () => {
    const record = parseRecord(`del01: ${mine.serial} ${mine.uuid} ${vectors.delegation}`);
    if (record.type !== 'del01') throw new Error('not a delegation');
    assert.equal(verifyDelegation(record, server, trust), Date.UTC(2099, 11, 31, 23, 59, 59));
    assert.throws(() => verifyDelegation(record, master, trust), { code: 'lease-signature-wrong' });
    assert.throws(() => verifyDelegation(record, server, { ...trust, laptop: other }), {
      code: 'lease-of-another',
    });
    assert.equal(serialiseRecord(record), `del01: ${mine.serial} ${mine.uuid} ${vectors.delegation}`);
  });

  test('a chain with its groups swapped, or with the whole key of the server first, is refused', () => {
    const [head = '', chain = ''] = vectors.leaseThrough.split('sig02: ');
    const words = chain.split(' ');
    const swapped = [...words.slice(4), ...words.slice(0, 4)].join(' ');
    assert.throws(() => verify(`${head}sig02: ${swapped}`), { code: 'signature-line-invalid' });
    const serverFirst = words.slice(4).join(' ');
    assert.equal(refused(`${head}sig02: ${serverFirst}`), 'lease-key-unknown');
  });

  test('a key id that is cut is refused', () => {
    for (const line of [vectors.leaseDirect, vectors.leaseBound])
      assert.throws(() => parseRecord(line.replace('c34aea48', 'aea48')), { code: 'signature-line-invalid' });
  });
});

describe('records of our own', () => {
  const keys = () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return { publicKey, privateKey, signer: signerOfKey(privateKey) };
  };
  const [first, second, third] = [keys(), keys(), keys()];
  const until = { serial: mine.serial, expiry: laptopTime(now + 1000) };
  const message = permissionMessage(mine, { disposition: 'K', expiry: until.expiry });
  const against = { keys: [first.publicKey], serial: mine.serial, now };
  const check = (chain: SignatureChain, signed = message) =>
    verifyChain(parseChain(serialised(chain)), signed, against);

  function serialised(signature: SignatureChain): string {
    const record: LaptopRecord = { ...act, signature };
    return serialiseRecord(record).replace(/^.*?(?=sig0)/, '');
  }
  const act = { type: 'act01', serial: mine.serial, disposition: 'K', expiry: until.expiry } as const;

  test('are signed directly, bound to a laptop, and through any number of hands', async () => {
    assert.equal(check(await signRecord(first.signer, message)), Number.POSITIVE_INFINITY);
    assert.equal(check(await signBound(first.signer, message, until)), now + 1000);
    const toSecond = await delegate(first.signer, second.publicKey, { ...until, expiry: never });
    assert.equal(check(await signThrough(toSecond, second.signer, message, until)), now + 1000);
    const toThird = await signThrough(toSecond, second.signer, await keyLine(third.publicKey), until);
    assert.equal(check(await signThrough(toThird, third.signer, message, until)), now + 1000);
  });

  test('are refused when the one who signed was given nothing', async () => {
    const toSecond = await delegate(first.signer, second.publicKey, until);
    const byStranger = await signThrough(toSecond, third.signer, message, until);
    assert.throws(() => check(byStranger), {
      code: 'lease-signature-wrong',
    });
    const byHimself = await delegate(third.signer, second.publicKey, until);
    const byOwnWord = await signThrough(byHimself, second.signer, message, until);
    assert.throws(() => check(byOwnWord), {
      code: 'lease-key-unknown',
    });
  });

  test('with another salt or another padding are refused', async () => {
    const bytes = Buffer.from(message);
    const signatures = [
      sign('sha256', bytes, {
        key: first.privateKey,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: 32,
      }),
      sign('sha256', bytes, { key: first.privateKey, padding: constants.RSA_PKCS1_PADDING }),
    ];
    const right = await signRecord(first.signer, message);
    if (right.form !== 'sig01') throw new Error('not direct');
    for (const signature of signatures)
      assert.throws(() => check({ form: 'sig01', line: { ...right.line, signature } }), {
        code: 'lease-signature-wrong',
      });
  });

  async function keyLine(key: KeyObject): Promise<string> {
    const chain = await delegate(first.signer, key, until);
    if (chain.form !== 'sig02') throw new Error('not bound');
    const der = key.export({ format: 'der', type: 'spki' }).subarray(-270);
    return `key01: ${der.toString('hex')}\n`;
  }
});

test('what is no record is refused without a word too many', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (line) => {
      assert.throws(
        () => parseRecord(line),
        (error) => isSatchelError(error, 'lease-line-invalid', 'signature-line-invalid'),
      );
    }),
  );
  assert.throws(() => parseRecord(vectors.leaseDirect + vectors.leaseDirect.repeat(20)), {
    code: 'lease-line-invalid',
  });
});

test('the message of a reset has 93 characters, that of a lease 67', () => {
  const of = (record: Laptop) => record;
  const reset = { current: '20110512T003512Z', count: '0000000135', next: '20110412T003512Z' } as never;
  assert.equal(clockResetMessage(of(mine), reset).length, 93);
  assert.equal(permissionMessage(mine, { disposition: 'K', expiry: never }).length, 67);
});
