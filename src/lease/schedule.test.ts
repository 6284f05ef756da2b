import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import {
  addDays,
  type CalendarDay,
  openZone,
  parseHolidays,
  parseTimeOfDay,
  parseWeekdays,
  weekdayOf,
} from './calendar.ts';
import { laptopTime, timeOf } from './laptop.ts';
import { defaultRules, isDue, openSchedule } from './schedule.ts';

const day = 86_400_000;
const hour = 3_600_000;
const at = (text: string) => Date.parse(text);

/** The end of a lease that is made at a time, by rules of Asunción, which is at UTC−3 in these months. */
function endOf(now: string, rules: Partial<typeof defaultRules>): string {
  return openSchedule({ ...defaultRules, zone: 'Etc/GMT+3', days: 7, ...rules }).endOf(at(now));
}

describe('a lease ends', () => {
  test('at the hour of the place, so many times 24 hours later or more', () => {
    assert.equal(endOf('2026-03-02T12:00:00Z', {}), '20260310T090000Z');
    assert.equal(endOf('2026-03-02T09:00:00Z', {}), '20260309T090000Z', 'just as long');
    assert.equal(endOf('2026-03-02T09:00:00.001Z', {}), '20260310T090000Z');
    assert.equal(endOf('2026-03-03T03:00:00Z', { end: 22 * 60 }), '20260311T010000Z');
    assert.equal(endOf('2026-03-03T01:00:00Z', { days: 1 }), '20260304T090000Z', 'one made in the evening');
  });

  test('on Monday instead of the weekend', () => {
    assert.equal(endOf('2026-03-07T12:00:00Z', {}), '20260316T090000Z');
    assert.equal(endOf('2026-03-07T12:00:00Z', { weekend: [] }), '20260315T090000Z');
    assert.equal(endOf('2026-03-06T09:00:00Z', { weekend: ['fri'] }), '20260314T090000Z');
  });

  test('after holidays, and some school days later where there is grace', () => {
    const holidays = parseHolidays('2026-03-09/2026-03-20 # flood\n', 'list');
    assert.equal(endOf('2026-03-02T12:00:00Z', { holidays }), '20260323T090000Z');
    assert.equal(endOf('2026-03-02T12:00:00Z', { holidays, grace: 3 }), '20260326T090000Z');
    assert.equal(endOf('2026-03-17T12:00:00Z', { holidays, grace: 3 }), '20260326T090000Z', 'nor soon after');
    assert.equal(endOf('2026-03-20T12:00:00Z', { holidays, grace: 3 }), '20260330T090000Z');
  });

  test('some day, though the holidays have no end', () => {
    const holidays = parseHolidays('2020-01-01/2999-12-31', 'list');
    assert.equal(endOf('2026-03-02T12:00:00Z', { holidays }), '20260310T090000Z');
  });

  test('never on a closed day, never early by an hour, never more than a day and the weekend late', () => {
    const zones = ['America/Asuncion', 'America/Santiago', 'Europe/Berlin', 'Asia/Kathmandu', 'UTC'];
    const rules = fc.record({
      zone: fc.constantFrom(...zones),
      days: fc.integer({ min: 1, max: 60 }),
      end: fc.integer({ min: 0, max: 24 * 60 - 1 }),
    });
    const time = fc.integer({ min: at('2000-01-01'), max: at('2037-01-01') });
    const hours = fc.array(fc.integer({ min: 0, max: 60 * hour }), { maxLength: 5 });
    fc.assert(
      fc.property(rules, time, hours, (some, first, later) => {
        const schedule = openSchedule({ ...defaultRules, ...some });
        const zone = openZone(some.zone);
        for (const now of [first, ...later.map((more) => first + more)]) {
          const end = timeOf(schedule.endOf(now));
          assert.ok(!['sat', 'sun'].includes(weekdayOf(zone.dayAt(end))));
          // Clocks may be moved by an hour meanwhile.
          assert.ok(end - now >= some.days * day && end - now <= (some.days + 3) * day + hour);
          const fresh = openSchedule({ ...defaultRules, ...some });
          assert.equal(laptopTime(end), fresh.endOf(now), 'whatever was asked before');
        }
      }),
    );
  });
});

describe('a zone', () => {
  test('has hours that the clocks jump over, and hours that come twice', () => {
    const zone = openZone('Europe/Berlin');
    const time = (text: string, minutes: number) =>
      new Date(zone.timeOf(text as CalendarDay, minutes)).toISOString();
    assert.equal(time('2026-03-29', 150), '2026-03-29T01:30:00.000Z', 'half past two is half past three');
    assert.equal(time('2026-10-25', 150), '2026-10-25T00:30:00.000Z', 'the first');
    assert.equal(time('2026-03-29', 360), '2026-03-29T04:00:00.000Z');
    assert.equal(time('2026-03-28', 360), '2026-03-28T05:00:00.000Z');
  });

  test('gives back the day that its midnight and its noon lie on', () => {
    for (const name of ['America/Asuncion', 'Asia/Kathmandu', 'Pacific/Apia', 'Africa/Cairo', 'UTC']) {
      const zone = openZone(name);
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 9000 }), (days) => {
          const date = addDays('2012-01-01' as CalendarDay, days);
          assert.equal(zone.dayAt(zone.timeOf(date, 720)), date);
        }),
        { numRuns: 30 },
      );
    }
  });

  test('that nobody knows is said', () => {
    for (const name of ['Mars/Olympus', '', 'America/Asunción'])
      assert.throws(
        () => openZone(name),
        (error) => isSatchelError(error, 'zone-not-understood'),
      );
  });
});

test('what people write is read, or refused with the line', () => {
  assert.deepEqual(parseWeekdays('Sat, Sunday'), ['sun', 'sat']);
  assert.deepEqual(parseWeekdays('none'), []);
  assert.equal(parseTimeOfDay('6:30'), 390);
  assert.deepEqual(
    parseHolidays('\ufeff# all\n\n2026-12-25 Christmas\r\n2026-01-01/2026-01-06; summer\n', 'f'),
    [
      { from: '2026-01-01', to: '2026-01-06' },
      { from: '2026-12-25', to: '2026-12-25' },
    ],
  );
  for (const wrong of ['', 'so', 'sat,,sun', 'mon,tue,wed,thu,fri,sat,sun'])
    assert.throws(
      () => parseWeekdays(wrong),
      (error) => isSatchelError(error, 'weekdays-not-understood'),
    );
  for (const wrong of ['24:00', '6', '06:60', ''])
    assert.throws(
      () => parseTimeOfDay(wrong),
      (error) => isSatchelError(error, 'time-of-day-not-understood'),
    );
  for (const wrong of ['2026-02-30', '2026-1-1', '2026-01-02/2026-01-01', 'Christmas', '2026-12-25x'])
    assert.throws(
      () => parseHolidays(`2026-01-01\n${wrong}`, 'f'),
      (error) => isSatchelError(error, 'holidays-line-wrong') && error.parameters.line === 2,
      wrong,
    );
});

test('a lease is due when half of the time has passed, and never when a new one would end no later', () => {
  const now = at('2026-03-02T12:00:00Z');
  const next = now + 20 * day;
  assert.equal(isDue(undefined, next, now), true);
  assert.equal(isDue(now - day, next, now), true);
  assert.equal(isDue(now + 10 * day, next, now), true);
  assert.equal(isDue(now + 10 * day + 1, next, now), false);
  assert.equal(isDue(Number.POSITIVE_INFINITY, next, now), false);
  assert.equal(isDue(next, next, now), false);
});
