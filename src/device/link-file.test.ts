import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { emptyDevice } from './device.fixture.ts';
import { readLink, rememberLink } from './link-file.ts';

const thin = { bytesPerSecond: 250_000, roundTrip: 0.3 };
const fast = { bytesPerSecond: 12_500_000, roundTrip: 0.01 };

test('what was measured is known for its source only', (context) => {
  const layout = emptyDevice(context);
  assert.equal(readLink(layout, 'http://a/'), undefined);
  rememberLink(layout, 'http://a/', thin);
  rememberLink(layout, 'http://b/', fast);
  rememberLink(layout, 'http://c/', undefined);
  assert.deepEqual(readLink(layout, 'http://a/'), thin);
  assert.deepEqual(readLink(layout, 'http://b/'), fast);
  assert.equal(readLink(layout, 'http://c/'), undefined);
});

test('the eight sources that were used last are remembered', (context) => {
  const layout = emptyDevice(context);
  for (let number = 1; number <= 9; number += 1) rememberLink(layout, `http://${number}/`, thin);
  assert.equal(readLink(layout, 'http://1/'), undefined);
  assert.deepEqual(readLink(layout, 'http://2/'), thin);
});

test('a damaged file counts as none and is replaced', (context) => {
  const layout = emptyDevice(context);
  for (const text of [
    'x',
    '{"format":1,"links":[{"source":"http://a/","bytesPerSecond":0,"roundTrip":1}]}',
  ]) {
    writeFileSync(layout.links, text);
    assert.equal(readLink(layout, 'http://a/'), undefined);
  }
  rememberLink(layout, 'http://a/', thin);
  assert.deepEqual(readLink(layout, 'http://a/'), thin);
});
