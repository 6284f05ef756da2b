/** A hundred thousand devices that do not exist go through rollouts, in virtual time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RolloutPlan } from '../../src/advice/rollout-plan.ts';
import { simulate } from '../../src/advice/simulate.ts';
import type { SimulatedWorld, Simulation } from '../../src/advice/simulate-types.ts';

const day = 86_400;
const steps = [
  { share: 100, after: 0 },
  { share: 1000, after: day },
  { share: 5000, after: 2 * day },
  { share: 10_000, after: 4 * day },
];
const automatic = { failed: 500, silent: 2000, atLeast: 20, silentAfter: 3 * day };

const healthy: SimulatedWorld = {
  ...{ failing: 0, leaving: 0, dying: 0, later: 0, present: 8500 },
  ...{ sticks: 0, stickDays: 7, holidays: [], cuts: 0, cutFrom: 0, cutDays: 0 },
};

function run(
  world: Partial<SimulatedWorld>,
  changes: Partial<Simulation> = {},
  plan: Partial<RolloutPlan> = {},
) {
  return simulate({
    ...{ seed: 1, devices: 100_000, sites: 500, days: 14 },
    plan: () => ({ steps, automatic, ...plan }),
    world: { ...healthy, ...world },
    ...changes,
  });
}

const share = (count: number, of: number) => count / of;

test('a good build reaches everybody step by step, and nothing halts it', () => {
  const { days, haltedAfter, decisions } = run({ later: 1000 });
  assert.equal(haltedAfter, null);
  const took = days.map(({ figures }) => figures.took);
  // Everybody who was there, of a share that is 1 %, 10 % and 50 % of all.
  assert.ok(took[0]! > 600 && took[0]! < 1000, `first day: ${took[0]}`);
  assert.ok(took[1]! > 6500 && took[1]! < 10_000, `second day: ${took[1]}`);
  assert.ok(took[3]! > 40_000 && took[3]! < 50_000 * 1.01, `fourth day: ${took[3]}`);
  assert.ok(days.at(-1)!.running > 99_000, `in the end: ${days.at(-1)!.running}`);
  assert.ok(decisions > 800_000);
  for (const [place, { figures }] of days.entries())
    assert.ok(place === 0 || figures.took >= days[place - 1]!.figures.took);
});

test('a build that fails on one of five is halted while one in a thousand has tried it', () => {
  const { days, haltedAfter, reason, late } = run({ failing: 1500, leaving: 500, later: 2000 });
  assert.equal(reason, 'failed');
  assert.ok(haltedAfter !== null && haltedAfter < 24, `after ${haltedAfter} h`);
  assert.equal(late, 0, 'sites that are online know at once');
  const { running, harmed } = days.at(-1)!;
  assert.ok(share(running + harmed, 100_000) < 0.01, `${running} and ${harmed}`);
});

test('a build that devices leave again is halted as soon as they are heard', () => {
  const { days, reason, haltedAfter } = run({ leaving: 2000 }, { devices: 20_000, sites: 100 });
  assert.equal(reason, 'left');
  assert.ok(days.at(-1)!.harmed < 200, `${days.at(-1)!.harmed} devices`);
  assert.ok(haltedAfter !== null && haltedAfter < 48, `after ${haltedAfter} h`);
});

test('devices that never come back halt it, although nothing tells of a failure', () => {
  const { days, haltedAfter, reason } = run({ dying: 4000 }, { devices: 20_000, sites: 100 });
  assert.equal(reason, 'silent');
  assert.ok(haltedAfter !== null && haltedAfter <= 7 * 24, `after ${haltedAfter} h`);
  assert.ok(days.at(-1)!.running < 10_000);
});

test('days between the steps that are longer than the silence that counts keep the harm small', () => {
  const slow = [
    { share: 100, after: 0 },
    { share: 1000, after: 5 * day },
    { share: 10_000, after: 10 * day },
  ];
  const { days, reason } = run({ dying: 4000 }, { devices: 20_000, sites: 100 }, { steps: slow });
  assert.equal(reason, 'silent');
  assert.ok(days.at(-1)!.harmed < 150, `${days.at(-1)!.harmed} devices`);
});

test('no power, holidays, weekends and "later" are no failures', () => {
  const world = { later: 5000, cuts: 5000, cutFrom: 1, cutDays: 4, holidays: [[7, 9]] as const, dying: 50 };
  const { haltedAfter, days } = run(world, { devices: 20_000, sites: 100, days: 21 });
  assert.equal(haltedAfter, null);
  assert.ok(days.at(-1)!.running > 19_000);
});

test('schools that only a stick reaches decide the same, later', () => {
  const { days, haltedAfter } = run({ sticks: 4000 }, { devices: 20_000, sites: 100, days: 28 });
  assert.equal(haltedAfter, null);
  assert.ok(days.at(-1)!.running > 18_500, `${days.at(-1)!.running}`);
  const bad = run({ sticks: 4000, failing: 3000 }, { devices: 20_000, sites: 100, days: 28 });
  assert.equal(bad.reason, 'failed');
  assert.ok(bad.late < 400, `${bad.late} devices had no news of the halt`);
});

test('some devices of each site wait for the first ones', () => {
  const reserve = { devices: 5, until: 30 * day };
  const all = [{ share: 10_000, after: 0 }];
  const bad = run(
    { leaving: 10_000 },
    { devices: 2000, sites: 50, days: 10 },
    { steps: all, reserve, automatic: { ...automatic, failed: 10_000 } },
  );
  // 40 devices a site: 35 tried, none was well, so the five never followed.
  assert.equal(bad.days.at(-1)!.harmed, 50 * 35);
  const good = run({}, { devices: 2000, sites: 50, days: 10 }, { steps: all, reserve });
  assert.ok(good.days.at(-1)!.running > 1950);
});

test('the same seed gives the same devices, another one others', () => {
  const small = { devices: 5000, sites: 40, days: 8 };
  const world = { failing: 100, dying: 100, later: 1000, sticks: 2000, cuts: 1000, cutFrom: 2, cutDays: 2 };
  const [one, two, other] = [run(world, small), run(world, small), run(world, { ...small, seed: 2 })];
  assert.deepEqual(one, two);
  assert.notEqual(one.digest, other.digest);
});
