import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  constants,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  publicDecrypt,
  sign,
} from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import {
  clockReset,
  developerKey,
  firmware,
  firmwareRipemd,
  lease,
  masterKeyHex,
  oats,
  sample,
  sampleKeyHex,
} from './signature-line.testkit.ts';
import {
  parseKeyLine,
  parseSignatureLine,
  rsaKeyId,
  serialiseKeyLine,
  serialiseSignatureLine,
  signLine,
  verifyLine,
} from './signature-line.ts';

const masterKey = parseKeyLine(`key01: ${masterKeyHex}`);
const uuid = '1273E0EC-AEF1-9FF6-45B2-FB706DC24B8D';
const vectors = [
  ['a lease', `SHC00000001:${uuid}:K:20991231T235959Z`, lease],
  ['a developer key', `SHC00000001:${uuid}:A:00000000T000000Z`, developerKey],
  ['a reset of the clock', `SHC00000001:${uuid}:20110512T003512Z:0000000135:20110412T003512Z`, clockReset],
  ['an answer of OATS', '["oatc-resp",1,{"nonce":"12345678","time":"20260101T000000Z"}]', oats],
  ['firmware', 'firmware-image-bytes', firmware],
  ['firmware with RIPEMD-160', 'firmware-image-bytes', firmwareRipemd],
] as const;

describe('signature lines of the original signer', () => {
  for (const [what, text, line] of vectors) {
    test(`${what} verifies, and not with one bit changed`, () => {
      const parsed = parseSignatureLine(line);
      assert.equal(verifyLine(masterKey, Buffer.from(text), parsed), true);
      assert.equal(verifyLine(masterKey, Buffer.from(`${text} `), parsed), false);
      const signature = Buffer.from(parsed.signature);
      signature[100] = signature[100]! ^ 1;
      assert.equal(verifyLine(masterKey, Buffer.from(text), { ...parsed, signature }), false);
    });

    test(`${what} is written as it was read`, () => {
      assert.equal(serialiseSignatureLine(parseSignatureLine(line)), line);
    });
  }

  test('the sample of the makers has the padding that is expected here', () => {
    const key = createPublicKey({ key: Buffer.from(sampleKeyHex, 'hex'), format: 'der', type: 'pkcs1' });
    const { keyId, signature } = parseSignatureLine(sample);
    assert.equal(keyId, rsaKeyId(key));
    const { salt, h, padding, trailer } = unpadded(key, signature);
    assert.equal(trailer, 0xbc);
    assert.deepEqual(padding, Buffer.concat([Buffer.alloc(214), Buffer.from([1])]));
    assert.equal(salt, '0d164d74878b4780');
    assert.equal(h, '79903666a688ede5a16a8a8606758eb59b25e1d46c7f50598aa0cee043221e25');
  });

  test('the sample of the makers does not verify, because its text was changed by hand', () => {
    const key = createPublicKey({ key: Buffer.from(sampleKeyHex, 'hex'), format: 'der', type: 'pkcs1' });
    const text = '["oatc-resp",1,{"nonce":"12345678\n","time":"20120619T144129Z"}]';
    assert.equal(verifyLine(key, Buffer.from(text), parseSignatureLine(sample)), false);
  });
});

describe('lines of our own', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const bytes = Buffer.from('what is signed\n');

  test('are verified by an openssl that was told of padding and salt', () => {
    const folder = mkdtempSync(join(tmpdir(), 'satchel-signature-line-'));
    try {
      const file = (name: string, content: string | Uint8Array) => {
        writeFileSync(join(folder, name), content);
        return join(folder, name);
      };
      const { signature } = parseSignatureLine(signLine(privateKey, bytes));
      const { status, stdout } = spawnSync(
        'openssl',
        [
          ...['dgst', '-sha256', '-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:8'],
          ...['-verify', file('key', publicKey.export({ format: 'pem', type: 'spki' }))],
          ...['-signature', file('signature', signature), file('text', bytes)],
        ],
        { encoding: 'utf8' },
      );
      assert.deepEqual([status, stdout], [0, 'Verified OK\n']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('are refused with another salt, another padding, or another key', () => {
    const line = parseSignatureLine(signLine(privateKey, bytes));
    const withPadding = (padding: number, saltLength?: number) => {
      const options = saltLength === undefined ? { padding } : { padding, saltLength };
      return { ...line, signature: sign('sha256', bytes, { key: privateKey, ...options }) };
    };
    assert.equal(verifyLine(publicKey, bytes, line), true);
    assert.equal(verifyLine(publicKey, bytes, withPadding(constants.RSA_PKCS1_PSS_PADDING, 32)), false);
    assert.equal(verifyLine(publicKey, bytes, withPadding(constants.RSA_PKCS1_PADDING)), false);
    assert.equal(verifyLine(masterKey, bytes, line), false);
    assert.equal(verifyLine(publicKey, bytes, { ...line, keyId: rsaKeyId(masterKey) }), false);
  });

  test('a key is written as a line and read again', () => {
    assert.equal(rsaKeyId(parseKeyLine(serialiseKeyLine(publicKey))), rsaKeyId(publicKey));
    assert.match(rsaKeyId(publicKey), /0203010001$/);
  });
});

test('what is no signature or key line is refused', () => {
  const refused = (read: () => unknown) =>
    assert.throws(read, (error) => isSatchelError(error, 'signature-line-invalid'));
  for (const line of [
    '',
    `${oats}\n`,
    oats.toUpperCase(),
    oats.slice(0, -2),
    `${oats}00`,
    oats.replace('sha256', 'sha1'),
    oats.replace(' ', '  '),
    oats.replace(/ (.{64}) /, (_, id: string) => ` ${id.slice(10)} `),
  ])
    refused(() => parseSignatureLine(line));
  for (const line of [`key01: ${masterKeyHex.slice(2)}`, `key01: ${'00'.repeat(270)}`, masterKeyHex])
    refused(() => parseKeyLine(line));
});

/** Takes an RSASSA-PSS block with SHA-256 apart: section 9.1 of RFC 8017, without the message. */
function unpadded(key: KeyObject, signature: Uint8Array) {
  const block = publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, signature);
  const h = block.subarray(block.length - 33, block.length - 1);
  const masked = block.subarray(0, block.length - 33);
  const mask = Buffer.concat(
    Array.from({ length: 7 }, (_, counter) => {
      const number = Buffer.alloc(4);
      number.writeUInt32BE(counter);
      return createHash('sha256').update(h).update(number).digest();
    }),
  );
  const data = Buffer.from(masked.map((byte, position) => byte ^ mask[position]!));
  data[0] = data[0]! & 0x7f;
  return {
    padding: data.subarray(0, data.length - 8),
    salt: data.subarray(-8).toString('hex'),
    h: h.toString('hex'),
    trailer: block.at(-1),
  };
}
