import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  deviceNumber,
  deviceSetOf,
  isInDeviceSet,
  largestDeviceSet,
  parseDeviceSet,
  serialiseDeviceSet,
} from './device-set.ts';

const salt = '0123456789abcdef';
const number = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test('a set holds the devices that were put in, and no others', () => {
  fc.assert(
    fc.property(fc.uniqueArray(number, { maxLength: 40 }), number, (numbers, other) => {
      const set = serialiseDeviceSet(numbers);
      assert.deepEqual(
        parseDeviceSet(set),
        numbers.toSorted((a, b) => a - b),
      );
      for (const each of numbers) assert.ok(isInDeviceSet(set, each));
      assert.equal(isInDeviceSet(set, other), numbers.includes(other));
    }),
  );
});

test('a set is made of serial numbers, each once, and is as docs/formats.md says', () => {
  assert.equal(deviceNumber(salt, 'SHC1'), 0xff5a394d);
  const set = deviceSetOf(salt, ['SHC1', 'SHC2', 'SHC1']);
  assert.equal(set, 'Qd0DLv9aOU0=');
  assert.deepEqual(parseDeviceSet(set), [0x41dd032e, 0xff5a394d]);
  assert.equal(deviceSetOf(salt, []), '');
  assert.deepEqual(parseDeviceSet(''), []);
});

test('what is no set is not taken for one', () => {
  for (const wrong of ['A', 'AAAA', 'AAAAAQ', 'AAAAAQ==\n', 'AAAAAgAAAAE=', 'AAAAAQAAAAE=', '####'])
    assert.equal(parseDeviceSet(wrong), undefined, wrong);
  const tooMany = Array.from({ length: largestDeviceSet + 1 }, (_, place) => place);
  assert.equal(parseDeviceSet(serialiseDeviceSet(tooMany)), undefined);
  assert.equal(parseDeviceSet(serialiseDeviceSet(tooMany.slice(1)))?.length, largestDeviceSet);
  assert.throws(() => deviceSetOf(salt, tooMany.map(String)), RangeError);
});
