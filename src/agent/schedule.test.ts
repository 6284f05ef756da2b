import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { elapsed, type Moment } from './moment.ts';
import { type AskHistory, isLeaseDue, type Schedule, tick, whenToAsk } from './schedule.ts';

const hour = 3_600_000;
const day = 24 * hour;
const start = Date.UTC(2026, 2, 2, 8);

/** Random numbers that are the same in every run. */
function draws(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

/** A device in a virtual time; the server answers when `isUp` says so. */
function simulate(options: {
  readonly seed: number;
  readonly days: number;
  readonly lease?: number;
  readonly isOn?: (time: number) => boolean;
  readonly isUp?: (time: number) => boolean;
  readonly clock?: (time: number) => { wall: number; isClockRight: boolean };
}) {
  const { seed, days, lease, isOn = () => true, isUp = () => true } = options;
  const random = draws(seed);
  const clock = options.clock ?? ((time: number) => ({ wall: time, isClockRight: true }));
  let history: AskHistory = { failures: 0, draw: random() };
  let leaseEnds = lease === undefined ? undefined : start + lease;
  let [boot, bootedAt, wasOn] = [0, start, false];
  const asked: { time: number; isAnswered: boolean; because: Schedule['because'] }[] = [];
  let expired = 0;
  for (let time = start; time < start + days * day; time += tick) {
    if (leaseEnds !== undefined && leaseEnds < time) expired += 1;
    if (!isOn(time)) {
      wasOn = false;
      continue;
    }
    if (!wasOn) [boot, bootedAt, wasOn] = [boot + 1, time, true];
    const now: Moment = { ...clock(time), boot: `boot ${seed} ${boot}`, uptime: time - bootedAt };
    const schedule = whenToAsk({ ...history, now, leaseEnds });
    if (!schedule.ask) {
      assert.ok(schedule.wait > 0);
      continue;
    }
    const isAnswered = isUp(time);
    asked.push({ time, isAnswered, because: schedule.because });
    history = {
      success: isAnswered ? now : history.success,
      attempt: now,
      failures: isAnswered ? 0 : history.failures + 1,
      draw: random(),
    };
    if (isAnswered && lease !== undefined) leaseEnds = time + lease;
  }
  return { asked, expired };
}

test('a device that is always on asks once a day on the average, at times of its own', () => {
  let queries = 0;
  const minutes = new Set<number>();
  for (let seed = 1; seed <= 20; seed += 1) {
    const { asked } = simulate({ seed, days: 200 });
    queries += asked.length;
    minutes.add(Math.floor(((asked[1]?.time ?? 0) - start) / tick));
  }
  const daily = queries / (20 * 200);
  assert.ok(daily > 0.95 && daily < 1.05, `${daily} a day`);
  assert.ok(minutes.size > 12, 'they do not ask together');
});

test('a device that is on for five hours of a school day asks on most days, and not at eight sharp', () => {
  const isOn = (time: number) => [8, 9, 10, 11, 12].includes(new Date(time).getUTCHours());
  let [queries, atEight] = [0, 0];
  for (let seed = 1; seed <= 50; seed += 1) {
    const { asked } = simulate({ seed, days: 60, isOn });
    queries += asked.length;
    atEight += asked.filter(({ time }) => time % day === 8 * hour).length;
  }
  assert.ok(queries / (50 * 60) > 0.6, `${queries / (50 * 60)} a day`);
  assert.ok(atEight / queries < 0.1, `${atEight} of ${queries} at eight`);
});

test('after months without power one question is asked, and no second one', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const back = start + 120 * day;
    const isOn = (time: number) => time < start + day || time >= back;
    const { asked } = simulate({ seed, days: 121, isOn, lease: 21 * day });
    const after = asked.filter(({ time }) => time >= back && time < back + day / 2);
    assert.deepEqual(
      after.map(({ because }) => because),
      ['lease'],
    );
  }
});

test('no outage shorter than half a lease lets it end', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 4, max: 40 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (seed, leaseDays, when) => {
        const lease = leaseDays * day;
        const from = start + day + when * 20 * day;
        const until = from + lease / 2 - 7 * hour;
        const isUp = (time: number) => time < from || time >= until;
        assert.equal(simulate({ seed, days: 90, lease, isUp }).expired, 0);
      },
    ),
    { numRuns: 60 },
  );
});

test('a server that is away is asked less and less, and again within six hours', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const { asked } = simulate({ seed, days: 10, isUp: () => false });
    const gaps = asked.slice(1).map(({ time }, at) => time - (asked[at]?.time ?? 0));
    assert.ok(Math.max(...gaps) <= 6 * hour + tick);
    assert.ok(Math.min(...gaps.slice(8)) >= 3 * hour - tick, 'after the first hours rarely');
    assert.ok(asked.length < 100, `${asked.length} attempts`);
  }
});

test('within the last two days of a lease it is asked at least every half hour', () => {
  const isUp = (time: number) => time < start + day;
  const { asked } = simulate({ seed: 5, days: 12, lease: 10 * day, isUp });
  const last = asked.filter(({ time }) => time > start + 9.5 * day).map(({ time }) => time);
  const gaps = last.slice(1).map((time, at) => time - (last[at] ?? 0));
  assert.ok(last.length > 40 && Math.max(...gaps) <= 30 * 60_000 + tick);
});

test('with a clock that stands in 1970 after each boot it asks once a boot, and no more in a day', () => {
  const isOn = (time: number) => new Date(time).getUTCHours() < 12;
  const clock = () => ({ wall: start, isClockRight: false });
  for (let seed = 1; seed <= 10; seed += 1) {
    const { asked } = simulate({ seed, days: 20, isOn, clock });
    assert.equal(asked.length, 21, 'as many as there were boots');
  }
});

test('a clock that was far ahead once does not keep it from asking', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4_300_000_000_000 }),
      fc.integer({ min: 0, max: 4_300_000_000_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (before, after, draw) => {
        const success: Moment = { wall: before, isClockRight: true, boot: 'a', uptime: 5 * day };
        const now: Moment = { wall: after, isClockRight: true, boot: 'b', uptime: hour };
        const schedule = whenToAsk({ success, failures: 0, draw, now });
        if (!schedule.ask) assert.ok(after >= before && schedule.wait <= 1.5 * day);
        // Whatever was written down, the time of one boot counts by itself.
        const later = { ...now, uptime: now.uptime + 1.5 * day };
        assert.equal(elapsed(now, later), 1.5 * day);
      },
    ),
  );
});

test('a server that has no better lease is asked once an hour', () => {
  const at = (wall: number): Moment => ({ wall, isClockRight: true, boot: 'a', uptime: wall });
  const ended = (passed: number) =>
    whenToAsk({
      success: at(5 * day),
      now: at(5 * day + passed),
      leaseEnds: 4 * day,
      failures: 0,
      draw: 0.5,
    });
  assert.deepEqual(ended(hour / 2), { ask: false, because: 'asked', wait: hour / 2 });
  assert.deepEqual(ended(hour), { ask: true, because: 'lease' });
});

test('the half-way rule of the protocol', () => {
  const at = (wall: number): Moment => ({ wall, isClockRight: true, boot: 'a', uptime: 0 });
  const rule = (success: number, leaseEnds: number, now: number) =>
    isLeaseDue({ success: at(success), leaseEnds, now: at(now) });
  assert.equal(rule(0, 100, 50), false);
  assert.equal(rule(0, 100, 51), true);
  assert.equal(rule(40, 100, 70), false);
  assert.equal(rule(40, 100, 71), true);
  assert.equal(rule(0, Number.POSITIVE_INFINITY, 1e15), false);
  // The answer was written down by a clock that stood in the future.
  assert.equal(rule(1000, 100, 90), false);
  assert.equal(rule(1000, 100, 101), true);
});
