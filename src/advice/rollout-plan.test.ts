import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { deviceNumber, isInDeviceSet, parseDeviceSet } from '../repository/device-set.ts';
import { isSignatureBehind } from './rollout-milestones.ts';
import {
  type KnownFleet,
  makeRollout,
  newSalt,
  type RolloutPlan,
  refreshRollout,
  siteIds,
} from './rollout-plan.ts';

const salt = '0123456789abcdef';
const began = Date.parse('2026-03-01T00:00:00Z');
const steps = [
  { share: 100, after: 0 },
  { share: 10_000, after: 3600 },
];
const sites = [
  { id: 'a', name: 'north', parent: null },
  { id: 'b', name: 'north-2', parent: 'a' },
  { id: 'c', name: 'south', parent: null },
];
const device = (identity: string, site: string | null) => ({ identity, site, took: false, well: false });
const fleet: KnownFleet = {
  sites,
  devices: [device('N1', 'a'), device('N2', 'b'), device('S1', 'c'), device('X1', null)],
};
const nobody = { serials: [], models: [], builds: [], sites: [] };

test('a plan of steps alone is nothing but steps', () => {
  assert.deepEqual(makeRollout({ steps }, { salt, began, fleet }), {
    ...{ salt, began: '2026-03-01T00:00:00Z', steps },
  });
  assert.match(newSalt(), /^[0-9a-f]{16}$/);
});

test('sites become sets of devices, those below them included', () => {
  const plan: RolloutPlan = { steps, early: { ...nobody, sites: ['a'], serials: ['Q*'] } };
  const { early } = makeRollout(plan, { salt, began, fleet });
  assert.deepEqual(early?.serials, ['Q*']);
  const isIn = (serial: string) => isInDeviceSet(early?.devices ?? '', deviceNumber(salt, serial));
  assert.deepEqual(['N1', 'N2', 'S1', 'X1'].map(isIn), [true, true, false, false]);
});

test('a long list of serial numbers is hashed, and patterns are not', () => {
  const serials = Array.from({ length: 40 }, (_, number) => `CSN${number}`);
  const { only } = makeRollout(
    { steps, only: { ...nobody, serials: [...serials, 'SHC*'] } },
    { salt, began, fleet },
  );
  assert.deepEqual(only?.serials, ['SHC*']);
  assert.equal(parseDeviceSet(only?.devices ?? '')?.length, 40);
});

test('more devices than a record can hold are refused', () => {
  const devices = Array.from({ length: 17_000 }, (_, number) => device(`S${number}`, 'a'));
  const plan: RolloutPlan = { steps, early: { ...nobody, sites: ['a'] } };
  assert.throws(
    () => makeRollout(plan, { salt, began, fleet: { sites, devices } }),
    (error) => isSatchelError(error, 'rollout-too-many-devices'),
  );
});

test('sites are named by id or by name', () => {
  assert.deepEqual(siteIds(['a', 'south'], sites), ['a', 'c']);
  assert.throws(
    () => siteIds(['west'], sites),
    (error) => isSatchelError(error, 'rollout-site-unknown'),
  );
});

test('rules are brought up to date with the fleet, and a pause stays', () => {
  const plan: RolloutPlan = { steps, reserve: { devices: 1, until: 600 } };
  const devices = [device('N1', 'a'), device('N2', 'a')];
  const first = makeRollout(plan, { salt, began, fleet: { sites, devices } });
  assert.equal(parseDeviceSet(first.reserved?.devices ?? '')?.length, 1);
  const paused = { ...first, paused: { reason: '', since: '2026-03-01T00:10:00Z' } };
  assert.deepEqual(refreshRollout(paused, plan, { sites, devices }), paused);
  const well = devices.map((each, number) => (number === 0 ? { ...each, took: true, well: true } : each));
  const released = refreshRollout(paused, plan, { sites, devices: well });
  assert.deepEqual([released.reserved, released.paused, released.salt], [undefined, paused.paused, salt]);
});

test('a step, a first day or the end of quiet time asks for a new signature', () => {
  const rollout = {
    ...makeRollout({ steps }, { salt, began, fleet }),
    notBefore: '2026-03-01T02:00:00Z',
    quiet: [{ from: '2026-03-01T03:00:00Z', to: '2026-03-01T04:00:00Z', reason: '' }],
  };
  const hour = 3_600_000;
  const isBehind = (issued: number, now: number) =>
    isSignatureBehind(rollout, { issued: began + issued * hour, now: began + now * hour });
  assert.deepEqual(
    [isBehind(0, 0.5), isBehind(0, 1), isBehind(1, 1.9), isBehind(1, 2)],
    [false, true, false, true],
  );
  assert.deepEqual(
    [isBehind(2, 2.5), isBehind(2, 3), isBehind(3, 4), isBehind(4, 400)],
    [false, true, true, false],
  );
});
