import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFairShare } from './fair-share.ts';

const mebibyte = 1024 * 1024;

test('an address may send much at once and little for long, whatever others send', () => {
  let now = 0;
  const share = createFairShare(() => now);
  assert.equal(share.take('192.0.2.1', mebibyte - 1000), undefined);
  assert.equal(share.take('192.0.2.1', 1000), undefined);
  const wait = share.take('::ffff:192.0.2.1', 256 * 1024);
  assert.equal(wait, 3600);
  assert.equal(share.take('192.0.2.2', mebibyte), undefined);
  now += 3_600_000;
  assert.equal(share.take('192.0.2.1', 256 * 1024), undefined);
  assert.notEqual(share.take('192.0.2.1', 10_000), undefined);
  now += 30 * 86_400_000;
  assert.notEqual(share.take('192.0.2.1', mebibyte + 1), undefined);
});

test('addresses that one machine may choose share, and this machine itself is not counted', () => {
  const share = createFairShare(() => 0);
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', undefined])
    for (let time = 0; time < 3; time += 1) assert.equal(share.take(address, mebibyte), undefined);
  assert.equal(share.take('2001:db8:1:2:aaaa::1', mebibyte), undefined);
  assert.notEqual(share.take('2001:db8:1:2::5', 1), undefined);
  assert.equal(share.take('2001:db8::2', mebibyte), undefined);
  assert.notEqual(share.take('2001:db8::3%eth0', 1), undefined);
  for (let number = 0; number < 20_000; number += 1) share.take(`10.0.${number >> 8}.${number & 255}`, 1);
  assert.equal(share.take('2001:db8:1:2::5', mebibyte), undefined);
});
