import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ReservedFrom, reservedDevices } from './rollout-reserve.ts';

const order = (identity: string) => Number(identity.slice(1));

function site(name: string | null, count: number, first = 0): ReservedFrom[] {
  return Array.from({ length: count }, (_, number) => ({
    ...{ identity: `d${first + number}`, site: name, took: false, well: false },
  }));
}

const names = (devices: readonly ReservedFrom[]) => devices.map(({ identity }) => identity).sort();

test('the last devices of each site wait, and at least one never does', () => {
  const devices = [...site('a', 5), ...site('b', 2, 10), ...site('c', 1, 20), ...site(null, 4, 30)];
  assert.deepEqual(names(reservedDevices(devices, { perSite: 2, order })), ['d11', 'd3', 'd4']);
});

test('they wait until as many others of the site are well, or all others', () => {
  const taken = (count: number, well: number) =>
    site('a', 5).map((device, number) => ({ ...device, took: number < count, well: number < well }));
  assert.deepEqual(names(reservedDevices(taken(2, 1), { perSite: 2, order })), ['d3', 'd4']);
  assert.deepEqual(reservedDevices(taken(2, 2), { perSite: 2, order }), []);
  assert.deepEqual(names(reservedDevices(taken(1, 0), { perSite: 9, order })), ['d1', 'd2', 'd3', 'd4']);
  assert.deepEqual(reservedDevices(taken(1, 1), { perSite: 9, order }), []);
});

test('whoever took the build does not wait, and nobody waits twice', () => {
  const device = fc.record({
    site: fc.constantFrom('a', 'b', null),
    took: fc.boolean(),
    well: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(device, { maxLength: 40 }), fc.integer({ min: 1, max: 12 }), (given, perSite) => {
      const devices = given.map((each, number) => ({ ...each, identity: `d${number}` }));
      const reserved = reservedDevices(devices, { perSite, order });
      assert.equal(new Set(reserved).size, reserved.length);
      for (const name of ['a', 'b']) {
        const there = reserved.filter(({ site: at }) => at === name);
        assert.ok(
          there.length <= Math.min(perSite, devices.filter(({ site: at }) => at === name).length - 1) ||
            there.length === 0,
        );
      }
      assert.ok(reserved.every(({ site: at, took }) => at !== null && !took));
    }),
  );
});
