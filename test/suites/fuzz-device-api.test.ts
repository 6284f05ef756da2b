/** What devices send, broken in every way: always a sentence, never a fault of the place. */

import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSignature, signRequest } from '../../src/advice/device-signature.ts';
import { isSatchelError } from '../../src/base/errors.ts';
import { parseTokenUri } from '../../src/lease/signer-uri.ts';
import { adviceRequestSchema, enrolRequestSchema, parseBody } from '../../src/server/device-api-schemas.ts';

const numRuns = 300;
const good = {
  enrol: { satchel: 'enrol', format: 1, token: 'abcd', key: `${'A'.repeat(42)}A`, device: 'd'.repeat(32) },
  advice: { satchel: 'advice-request', format: 1, client: '0.1.0', running: { build: 'b1', sequence: 3 } },
};

/** Values that stand where others are expected. */
const strange = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(-0, 1e308, Number.MAX_SAFE_INTEGER, '\0', 'x'.repeat(100_000), '\u202e', '__proto__'),
);

for (const [what, schema, sample] of [
  ['an enrolment', enrolRequestSchema, good.enrol],
  ['a question', adviceRequestSchema, good.advice],
] as const) {
  test(`${what} with any field replaced is understood or refused with a sentence`, () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(sample), 'other', 'reports'), strange, (field, value) => {
        const body = Buffer.from(JSON.stringify({ ...sample, [field]: value }));
        understoodOrRefused(() => parseBody(schema as typeof adviceRequestSchema, body, 'x'));
      }),
      { numRuns },
    );
  });
  test(`${what} with any bytes replaced is understood or refused with a sentence`, () => {
    const bytes = Buffer.from(JSON.stringify(sample));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.uint8Array({ maxLength: 20 }), (at, put) => {
        const body = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + put.length)]);
        understoodOrRefused(() => parseBody(schema as typeof adviceRequestSchema, body, 'x'));
      }),
      { numRuns },
    );
  });
}

test('fields that are doubled count once, and what belongs to all objects is not taken', () => {
  const body = Buffer.from(
    '{"satchel":"advice-request","format":1,"client":"0.1.0","client":"9.9.9","__proto__":{"stream":"x"}}',
  );
  const parsed = parseBody(adviceRequestSchema, body, 'x');
  assert.equal(parsed.client, '9.9.9');
  assert.equal(parsed.stream, undefined);
});

test('headers of any kind are a signature or none', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const nonce = randomBytes(16).toString('base64url');
  const headers = signRequest(
    privateKey,
    { method: 'POST', path: '/x' },
    { body: Buffer.from('x'), created: 1, nonce },
  );
  const given = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  fc.assert(
    fc.property(
      fc.nat(given.length - 1),
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.nat(400),
      (which, put, at) => {
        const changed = given.map(([name, value], i) =>
          i === which ? [name, value.slice(0, at) + put + value.slice(at + put.length)] : [name, value],
        );
        parseSignature(Object.fromEntries(changed) as Record<string, string>);
      },
    ),
    { numRuns },
  );
});

test('names of keys in tokens are understood or refused with a sentence', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.constantFrom('', 'token=a;', 'id=%', '?module-path='),
      (text, first) => {
        understoodOrRefused(() => parseTokenUri(`pkcs11:${first}${text}`));
      },
    ),
    { numRuns },
  );
});

function understoodOrRefused(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    assert.ok(isSatchelError(error), String(error));
    assert.ok(error.message.length < 2500);
  }
}
