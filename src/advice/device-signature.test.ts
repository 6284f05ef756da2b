import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync, verify } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { deviceKeyId, isSignedBy, parseSignature, rawPublicKey, signRequest } from './device-signature.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const raw = rawPublicKey(publicKey);
const line = { method: 'POST', path: '/api/v1/advice' };
const body = Buffer.from('{"satchel":"advice-request"}');
const nonce = 'abcdefghijklmnop';
const headers = lower(signRequest(privateKey, line, { body, created: 1_790_000_000, nonce }));

function lower(given: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
}

function isGood(changed: { headers?: Record<string, string>; line?: typeof line; body?: Uint8Array } = {}) {
  const signed = parseSignature({ ...headers, ...changed.headers });
  return (
    signed !== undefined && isSignedBy(raw, changed.line ?? line, { body: changed.body ?? body, signed })
  );
}

describe('a signed request', () => {
  test('is taken, and says who and when', () => {
    assert.ok(isGood());
    const signed = parseSignature(headers);
    assert.equal(signed?.created, 1_790_000_000);
    assert.equal(signed?.nonce, nonce);
    assert.equal(signed?.keyId, deviceKeyId(raw));
  });

  test('is signed over the words of RFC 9421, written here by hand', () => {
    const keyId = createHash('sha256').update(raw).digest('hex').slice(0, 32);
    const digest = createHash('sha256').update(body).digest('base64');
    const base = `"@method": POST
"@path": /api/v1/advice
"content-digest": sha-256=:${digest}:
"@signature-params": ("@method" "@path" "content-digest");created=1790000000;nonce="${nonce}";keyid="${keyId}";alg="ed25519"`;
    const signature = Buffer.from((headers.signature ?? '').slice('satchel=:'.length, -1), 'base64');
    assert.ok(verify(null, Buffer.from(base), publicKey, signature));
  });

  test('may be signed by OpenSSL', (t) => {
    const scratch = scratchFolder('device-signature');
    t.after(() => scratch.remove());
    const [pem, base] = [scratch.file('key.pem'), scratch.file('base')];
    const openssl = (...words: string[]) =>
      execFileSync('openssl', words, { stdio: ['ignore', 'pipe', 'pipe'] });
    openssl('genpkey', '-algorithm', 'ed25519', '-out', pem);
    const spki = openssl('pkey', '-in', pem, '-pubout', '-outform', 'DER');
    const theirs = spki.subarray(-32);
    const keyId = createHash('sha256').update(theirs).digest('hex').slice(0, 32);
    const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
    const parameters = `("@method" "@path" "content-digest");created=1;nonce="${nonce}";keyid="${keyId}";alg="ed25519"`;
    const lines = ['"@method": POST', '"@path": /api/v1/advice', `"content-digest": ${digest}`];
    writeFileSync(base, [...lines, `"@signature-params": ${parameters}`].join('\n'));
    const signature = openssl('pkeyutl', '-sign', '-rawin', '-inkey', pem, '-in', base).toString('base64');
    const signed = parseSignature({
      'content-digest': digest,
      'signature-input': `satchel=${parameters}`,
      signature: `satchel=:${signature}:`,
    });
    assert.ok(signed && isSignedBy(theirs, line, { body, signed }));
  });

  test('is of no use for another body, method or path', () => {
    assert.ok(!isGood({ body: Buffer.from('{}') }));
    assert.ok(!isGood({ line: { ...line, method: 'PUT' } }));
    assert.ok(!isGood({ line: { ...line, path: '/api/v1/devices' } }));
  });

  test('is of no use for another key', () => {
    const signed = parseSignature(headers);
    const other = rawPublicKey(generateKeyPairSync('ed25519').publicKey);
    assert.ok(signed && !isSignedBy(other, line, { body, signed }));
  });

  test('with any one character of its headers changed is refused', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('content-digest', 'signature-input', 'signature'),
        fc.nat(),
        fc.constantFrom('0', '1', 'a', 'B', '"', ';', ':', ' ', '\0'),
        (name, position, put) => {
          const value = headers[name] ?? '';
          const at = position % value.length;
          // The last digit before the padding holds two bits that mean nothing.
          fc.pre(value[at] !== put && !(name === 'signature' && value[at + 1] === '='));
          assert.ok(!isGood({ headers: { [name]: `${value.slice(0, at)}${put}${value.slice(at + 1)}` } }));
        },
      ),
      { numRuns: 400 },
    );
  });

  test('anything else is no signature, and nothing is thrown', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        assert.equal(parseSignature({ ...headers, 'signature-input': one, signature: other }), undefined);
      }),
    );
    assert.equal(parseSignature({}), undefined);
    assert.equal(parseSignature({ ...headers, signature: ['a', 'b'] }), undefined);
  });
});
