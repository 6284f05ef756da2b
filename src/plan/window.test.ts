import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import { finishTime, isOpen, nextOpening, parseDays, parseHours, parseWindow } from './window.ts';

/** A local time in March 2026; the 2nd is a Monday. */
const at = (day: number, hour = 0, minute = 0) => new Date(2026, 2, day, hour, minute).getTime();
const hour = 3_600_000;

test('without hours and days work is always allowed', () => {
  const always = parseWindow({ hours: '', days: '' });
  assert.equal(isOpen(always, at(2, 3)), true);
  assert.deepEqual(nextOpening(always, at(2)), { begins: at(2), ends: Number.POSITIVE_INFINITY });
  assert.equal(finishTime(always, at(2), 3600), at(2, 1));
});

test('hours over midnight belong to the day on which they begin', () => {
  const window = parseWindow({ hours: '22:00-06:00', days: 'fri' });
  assert.equal(isOpen(window, at(6, 21, 59)), false);
  assert.equal(isOpen(window, at(6, 22)), true);
  assert.equal(isOpen(window, at(7, 5, 59)), true);
  assert.equal(isOpen(window, at(7, 6)), false);
  assert.equal(isOpen(window, at(7, 22)), false);
  assert.deepEqual(nextOpening(window, at(2)), { begins: at(6, 22), ends: at(7, 6) });
  assert.deepEqual(nextOpening(window, at(7, 2)), { begins: at(6, 22), ends: at(7, 6) });
});

test('spans that touch are one opening, over midnight too', () => {
  const window = parseWindow({ hours: '00:00-02:00,22:00-24:00', days: 'mon-tue' });
  assert.deepEqual(nextOpening(window, at(2, 12)), { begins: at(2, 22), ends: at(3, 2) });
  const wholeDays = parseWindow({ hours: '', days: 'sat,sun' });
  assert.deepEqual(nextOpening(wholeDays, at(2)), { begins: at(7), ends: at(9) });
});

test('work is done after as many hours of the window as it takes', () => {
  const window = parseWindow({ hours: '22:00-06:00', days: '' });
  assert.equal(finishTime(window, at(2, 12), 4 * 3600), at(3, 2));
  assert.equal(finishTime(window, at(2, 12), 10 * 3600), at(4, 0));
  assert.equal(finishTime(window, at(3, 5), 3600), at(3, 6));
  assert.equal(finishTime(window, at(3, 5), 3601), at(3, 22) + 1000);
  assert.equal(finishTime(window, at(3, 5), 1e9), undefined);
});

test('days are ranges that may go over the end of the week', () => {
  assert.deepEqual([...parseDays('fri-mon,wed')], [5, 6, 0, 1, 3]);
  assert.deepEqual([...parseDays('Tue')], [2]);
  assert.deepEqual(parseHours('08:30-24:00'), [[510, 1440]]);
});

test('what cannot be read is refused with the words that were written', () => {
  for (const hours of [
    '22',
    '22:00',
    '25:00-26:00',
    '22:00-22:00',
    '24:00-01:00',
    '1:00-2:00',
    '22:00-23:60',
    '01:00-02:00,',
    '01:00-02:00-03:00',
  ])
    assert.throws(
      () => parseHours(hours),
      (error) => isSatchelError(error, 'site-hours-not-understood'),
      hours,
    );
  for (const days of ['monday', 'mon-', '-', 'mon,,tue', 'mon-tue-wed'])
    assert.throws(
      () => parseDays(days),
      (error) => isSatchelError(error, 'site-days-not-understood'),
      days,
    );
});

test('an opening always lies ahead or holds the moment, and inside it the window is open', () => {
  const minutes = fc.integer({ min: 0, max: 1439 });
  const clock = (minute: number) =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  const span = fc.tuple(minutes, minutes).filter(([from, to]) => from !== to);
  const days = fc.uniqueArray(fc.constantFrom('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'), {
    minLength: 1,
  });
  const time = fc.integer({ min: at(1), max: at(1) + 400 * 24 * hour });
  fc.assert(
    fc.property(fc.array(span, { minLength: 1, maxLength: 3 }), days, time, (spans, names, now) => {
      const hours = spans.map(([from, to]) => `${clock(from)}-${clock(to)}`).join(',');
      const window = parseWindow({ hours, days: names.join(',') });
      const { begins, ends } = nextOpening(window, now);
      assert.ok(begins < ends && ends > now);
      assert.equal(isOpen(window, now), begins <= now);
      assert.equal(isOpen(window, Math.max(begins, now)), true);
      if (Number.isFinite(ends)) {
        assert.equal(isOpen(window, ends), false);
        assert.equal(isOpen(window, ends - 1), true);
      }
    }),
  );
});
