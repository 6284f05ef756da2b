import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import type { Sha256, StreamName } from '../base/identifiers.ts';
import type { Serial } from '../lease/laptop.ts';
import {
  encodeOatsRequest,
  longestOatsRequest,
  type OatsRequest,
  oatsNonce,
  parseOatsRequest,
} from './oats-request.ts';

const parse = (text: string) => parseOatsRequest(Buffer.from(text, 'latin1'));
const serial = 'SHC12900018' as Serial;

describe('questions of laptops', () => {
  test('the sample of the firmware is read, and written so', () => {
    const text = 'serialnum=SHC12900018&version=1&nonce=12345678';
    assert.deepEqual(parse(text), { serial, nonce: '12345678' });
    assert.equal(encodeOatsRequest({ serial, nonce: '12345678' }), text);
  });

  test('what is reported comes along', () => {
    const request: OatsRequest = {
      serial,
      nonce: 'a b&c=d%\n\0\xff',
      vhash: 'b'.repeat(64) as Sha256,
      freeSpace: 123456,
      stream: 'xo15hs' as StreamName,
      model: 'XO-1.5 ñ',
      client: '0.1.0',
    };
    assert.deepEqual(parse(encodeOatsRequest(request)), request);
  });

  test('reports that make no sense, and fields that nobody knows, keep nobody from his lease', () => {
    const text = `serialnum=shc12900018&nonce=+7%4&vhash=xyz&free_space=-1&stream=a%2Fb&model=%00&client=%ff&x=1&x=2&toString&__proto__=1`;
    assert.deepEqual(parse(text), { serial, nonce: ' 7%4' });
  });

  test('a nonce may name the laptop, or look nearly as if it did', () => {
    for (const nonce of [oatsNonce(serial, '1'), 'SHC12900019', 'shc12900019.1', '.', 'a.b'])
      assert.equal(parse(encodeOatsRequest({ serial, nonce })).nonce, nonce);
  });

  const wrong: Readonly<Record<string, readonly [string, string]>> = {
    nothing: ['', 'serialnum'],
    'no serial number': ['version=1&nonce=1', 'serialnum'],
    'a short serial number': ['serialnum=SHC1&version=1&nonce=1', 'serialnum'],
    'two serial numbers': ['serialnum=SHC12900018&serialnum=SHC12900019&nonce=1', 'serialnum'],
    'no nonce': ['serialnum=SHC12900018&version=1', 'nonce'],
    'an empty nonce': ['serialnum=SHC12900018&version=1&nonce=', 'nonce'],
    'two nonces': ['serialnum=SHC12900018&version=1&nonce=1&nonce=1', 'nonce'],
    'a nonce of 257 bytes': [`serialnum=SHC12900018&version=1&nonce=${'1'.repeat(257)}`, 'nonce'],
    'the nonce of another laptop': ['serialnum=SHC12900018&nonce=SHC12900019.1', 'nonce'],
    'another version': ['serialnum=SHC12900018&version=2&nonce=1', 'version'],
    'too many fields': [`serialnum=SHC12900018&version=1&nonce=1${'&a=1'.repeat(70)}`, 'form'],
    'too long a form': [`serialnum=SHC12900018&nonce=1&a=${'1'.repeat(longestOatsRequest)}`, 'form'],
    JSON: ['{"serialnum":"SHC12900018"}', 'serialnum'],
  };
  for (const [what, [text, field]] of Object.entries(wrong))
    test(`${what} is refused by name`, () => {
      assert.throws(() => parse(text), { code: 'oats-request-invalid', parameters: { field } });
    });

  test('no bytes at all make the reader fail otherwise than with a sentence', () => {
    const pieces = fc.constantFrom(
      'serialnum=SHC12900018',
      'nonce=%',
      'version=',
      '&',
      '%00',
      '=',
      '\n',
      '%zz',
      '+',
    );
    const text = fc
      .array(fc.oneof(pieces, fc.string({ unit: 'binary' })), { maxLength: 20 })
      .map((all) => all.join('&'));
    fc.assert(
      fc.property(text, (given) => {
        try {
          parse(given);
        } catch (error) {
          assert.ok(isSatchelError(error, 'oats-request-invalid'));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
