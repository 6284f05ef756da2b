import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blendRates, expectedSeconds } from './link.ts';

const thin = { bytesPerSecond: 250_000, roundTrip: 0.3 };

test('expected are the round trips that wait for each other, and the bytes', () => {
  assert.equal(expectedSeconds({ bytes: 1_000_000, roundTrips: 2 }, thin), 4.6);
});

test('nothing is expected before something was measured', () => {
  assert.equal(expectedSeconds({ bytes: 1_000_000, roundTrips: 2 }, undefined), undefined);
});

test('a new measurement counts half', () => {
  assert.deepEqual(blendRates(undefined, thin), thin);
  assert.deepEqual(blendRates(thin, { bytesPerSecond: 750_000, roundTrip: 0.1 }), {
    bytesPerSecond: 500_000,
    roundTrip: 0.2,
  });
});
