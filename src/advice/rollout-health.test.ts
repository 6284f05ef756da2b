import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  afterReport,
  type DeviceHealth,
  type HealthReport,
  isSilent,
  judge,
  type SiteDay,
} from './rollout-health.ts';
import { dayOf, holidayTest } from './rollout-holidays.ts';

const day = 86_400_000;
const start = Date.parse('2026-03-02T09:00:00Z');
const done = { build: 'new', from: 'old', result: 'done' };

/** What is known of a device after these reports, one a day. */
function after(...reports: readonly Partial<HealthReport>[]): DeviceHealth | undefined {
  let health: DeviceHealth | undefined;
  for (const [number, report] of reports.entries())
    health = afterReport(
      health,
      { sequence: number + 1, event: 'state', running: 'old', heard: start + number * day, ...report },
      'new',
    );
  return health;
}

const verdict = (health: DeviceHealth | undefined) =>
  health && {
    took: health.took === null ? null : (health.took - start) / day,
    well: health.well,
    harm: health.harm,
  };

test('a device is well once it is heard again after it took the build and runs it', () => {
  assert.equal(after({}, {}), undefined);
  assert.deepEqual(verdict(after({}, { event: 'update', result: done })), {
    took: 1,
    well: false,
    harm: null,
  });
  assert.deepEqual(verdict(after({ event: 'update', result: done }, { running: 'new' })), {
    ...{ took: 0, well: true, harm: null },
  });
  const twice = { running: 'new' };
  assert.deepEqual(verdict(after(twice)), { took: 0, well: false, harm: null });
  assert.deepEqual(verdict(after(twice, twice)), { took: 0, well: true, harm: null });
});

test('what fails, is rolled back or is left again does harm', () => {
  const took = { event: 'update', result: done };
  const failed = { event: 'update', result: { ...done, result: 'failed', code: 'tree-damaged' } };
  assert.deepEqual(verdict(after(failed)), { took: null, well: false, harm: 'failed' });
  assert.deepEqual(verdict(after(failed, took)), { took: 1, well: false, harm: null });
  const back = { event: 'rollback', result: { build: 'old', from: 'new', result: 'done' } };
  assert.deepEqual(verdict(after(took, back)), { took: 0, well: false, harm: 'rolled-back' });
  assert.equal(after(took, { running: 'new' }, { running: 'old' })?.harm, 'booted-back');
  const again = { ...took, result: { ...done, result: 'later' } };
  assert.equal(after(took, { running: 'new' }, took)?.harm, 'booted-back', 'it took the build once more');
  assert.equal(after(took, { running: 'new' }, again)?.harm, 'booted-back', 'it put it off');
  // Whoever tries again after leaving it is no better off.
  assert.equal(after(took, { running: 'new' }, {}, took, { running: 'new' })?.harm, 'booted-back');
});

test('what says nothing about the build is no failure', () => {
  for (const result of ['later', 'cancelled'])
    assert.equal(after({ event: 'update', result: { ...done, result } }), undefined);
  for (const code of [
    'store-unreachable',
    'store-stalled',
    'data-budget-spent',
    'plan-no-space',
    'disk-full',
    'source-has-not',
  ])
    assert.equal(after({ event: 'update', result: { ...done, result: 'failed', code } }), undefined, code);
  // It has not been started again yet.
  assert.equal(after({ event: 'update', result: done }, {})?.harm, null);
  const other = { event: 'update', running: 'other', result: { build: 'other', result: 'done' } };
  const left = after({ event: 'update', result: done }, { running: 'new' }, other, { running: 'other' });
  assert.deepEqual(verdict(left), { took: null, well: false, harm: null });
});

test('reports that come late or twice change nothing', () => {
  const health = after({ event: 'update', result: done }, { running: 'new' });
  const old = { sequence: 1, event: 'state', running: 'old', heard: start + 9 * day };
  assert.equal(afterReport(health, old, 'new'), health);
});

test('that the build was left counts however late it is told', () => {
  const took = { event: 'update', result: done };
  const back = { event: 'rollback', result: { build: 'old', from: 'new', result: 'done' } };
  const inTime = after(took, back, {});
  // By a school without a link, while the device has told the news elsewhere.
  const news = after(took, { event: 'repair' }, {});
  const late = afterReport(news, { sequence: 2, running: 'old', heard: start + day, ...back }, 'new');
  assert.deepEqual(late, { ...inTime });
  assert.equal(afterReport(late, { sequence: 2, running: 'old', heard: start + day, ...back }, 'new'), late);
});

test('whatever devices tell, what is known of them makes sense', () => {
  const build = fc.constantFrom('old', 'new', 'other');
  const report = fc.record({
    sequence: fc.integer({ min: 0, max: 12 }),
    event: fc.constantFrom('state', 'update', 'rollback', 'repair'),
    running: fc.option(build),
    heard: fc.integer({ min: 0, max: 10 }).map((days) => start + days * day),
    result: fc.option(
      fc.record(
        {
          build,
          from: build,
          result: fc.constantFrom('done', 'failed', 'cancelled', 'later'),
          code: fc.string(),
        },
        { requiredKeys: ['build', 'result'] },
      ),
      { nil: undefined },
    ),
  });
  fc.assert(
    fc.property(fc.array(report, { maxLength: 12 }), (reports) => {
      let health: DeviceHealth | undefined;
      for (const told of reports) {
        const before: DeviceHealth | undefined = health;
        health = afterReport(before, told, 'new');
        if (before !== undefined && told.sequence <= before.sequence)
          assert.ok(health === before || (told.event === 'rollback' && health?.harm === 'rolled-back'));
        if (before !== undefined) assert.ok(health !== undefined, 'nobody is forgotten');
        if (health?.well) assert.ok(health.took !== null && health.harm === null);
        if (before?.harm === 'booted-back' || before?.harm === 'rolled-back')
          assert.notEqual(health?.harm, null);
      }
    }),
  );
});

const took = after({ event: 'update', result: done })!;
const rule = {
  now: start + 5 * day,
  silentAfter: 3 * 86_400,
  isHoliday: holidayTest({ holidays: [], weekend: [] }),
};
const daysOf = (...numbers: readonly number[]): SiteDay[] =>
  numbers.map((number) => ({ date: dayOf(start + number * day), devices: true, site: false }));

test('a device is silent when its place was heard on enough whole days and it was not', () => {
  assert.equal(isSilent(took, { days: daysOf(0, 1, 2, 3, 4, 5), allTook: false }, rule), true);
  assert.equal(
    isSilent(took, { days: daysOf(0, 1, 2, 5), allTook: false }, rule),
    false,
    'today is not over',
  );
  assert.equal(isSilent({ ...took, well: true }, { days: daysOf(1, 2, 3), allTook: false }, rule), false);
  assert.equal(isSilent({ ...took, harm: 'failed' }, { days: daysOf(1, 2, 3), allTook: false }, rule), false);
});

test('a power cut or a holiday silences everybody, and that is nobody’s fault', () => {
  assert.equal(isSilent(took, { days: daysOf(0, 1, 4), allTook: false }, rule), false);
  const [from, to] = [dayOf(start + 2 * day), dayOf(start + 3 * day)];
  const isHoliday = holidayTest({ holidays: [{ from, to }], weekend: [] });
  const place = { days: daysOf(1, 2, 3, 4), allTook: false };
  assert.equal(isSilent(took, place, rule), true);
  assert.equal(isSilent(took, place, { ...rule, isHoliday }), false);
  const weekend = holidayTest({ holidays: [], weekend: ['tue', 'wed'] });
  assert.equal(isSilent(took, place, { ...rule, isHoliday: weekend }), false);
});

test('the voice of the site counts only where no other device is left to be heard', () => {
  const days = daysOf(1, 2, 3, 4).map((each) => ({ ...each, devices: false, site: true }));
  assert.equal(isSilent(took, { days, allTook: false }, rule), false);
  assert.equal(isSilent(took, { days, allTook: true }, rule), true);
});

test('a share above the limit ends a rollout, once enough devices took part', () => {
  const automatic = { failed: 500, silent: 2000, atLeast: 20, silentAfter: 86_400 };
  const figures = { tried: 20, took: 19, well: 0, failed: 1, left: 0, silent: 0, due: 0 };
  assert.equal(judge(figures, automatic), undefined, 'exactly at the limit');
  assert.deepEqual(judge({ ...figures, failed: 2 }, automatic), {
    ...{ why: 'failed', count: 2, of: 20, share: 1000, limit: 500 },
  });
  assert.equal(judge({ ...figures, tried: 19, failed: 19 }, automatic), undefined);
  assert.deepEqual(judge({ ...figures, tried: 4000, well: 27, failed: 3, left: 3 }, automatic), {
    ...{ why: 'left', count: 3, of: 30, share: 1000, limit: 500 },
  });
  assert.equal(judge({ ...figures, silent: 15, due: 19 }, automatic), undefined, 'too few');
  assert.equal(judge({ ...figures, took: 400, silent: 15, due: 20 }, automatic)?.why, 'silent');
});
