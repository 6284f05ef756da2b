import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { isSatchelError } from '../base/errors.ts';
import { patterns, quietTime, share, span, steps } from './rollout-values.ts';

const scratch = scratchFolder('rollout-values');
after(() => scratch.remove());

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (isSatchelError(error)) return error.code;
    throw error;
  }
}

test('steps are shares with the time since the beginning', () => {
  assert.deepEqual(steps('1%@0h,10%@24h, 50% @ 2d ,100%@96h', '--steps'), [
    { share: 100, after: 0 },
    { share: 1000, after: 86_400 },
    { share: 5000, after: 172_800 },
    { share: 10_000, after: 345_600 },
  ]);
});

test('what is no step is said with the step', () => {
  for (const wrong of [
    '',
    '1%',
    '@0h',
    '10@0h',
    '1%@',
    '1%@soon',
    '101%@0h',
    '1.234%@0h',
    '1%@0h@1h',
    '-1%@0h',
    '1%@-1h',
  ])
    assert.equal(
      codeOf(() => steps(wrong, '--steps')),
      'rollout-steps-not-understood',
      wrong,
    );
  for (const wrong of ['10%@0h,5%@1h', '1%@1h,2%@1h', '1%@2h,2%@1h', '1%@0h,100%@999999w'])
    assert.equal(
      codeOf(() => steps(wrong, '--steps')),
      'rollout-steps-order',
      wrong,
    );
  const many = Array.from({ length: 17 }, (_, number) => `${number + 1}%@${number}h`).join(',');
  assert.equal(
    codeOf(() => steps(many, '--steps')),
    'rollout-steps-many',
  );
});

test('no time of a rollout is longer than ten years', () => {
  assert.equal(span('7d', '--silent-after'), 7 * 86_400);
  assert.equal(
    codeOf(() => span('999999999w', '--silent-after')),
    'rollout-span-too-long',
  );
});

test('a time without a unit is no time, but for the beginning', () => {
  assert.equal(steps('1%@0,100%@4d', '--steps').at(-1)?.after, 4 * 86_400);
  for (const wrong of [() => steps('1%@0,100%@4', '--steps'), () => span('3', '--silent-after')])
    assert.equal(codeOf(wrong), 'duration-not-understood');
});

test('a share has at most two decimals', () => {
  assert.deepEqual(
    ['5%', '0.5%', '12.25 %', '100%', '0%', '0,5%'].map((text) => share(text, '--max-failed')),
    [500, 50, 1225, 10_000, 0, 50],
  );
  for (const wrong of ['5', '%', '0.005%', '100.01%', '1e1%', 'five%'])
    assert.equal(
      codeOf(() => share(wrong, '--max-failed')),
      'rollout-share-not-understood',
      wrong,
    );
});

test('quiet days are whole days, hours are what they are', () => {
  const quiet = (text: string) => quietTime(text, '--quiet-days');
  assert.deepEqual(quiet('2026-11-23/2026-11-27=exams'), {
    ...{ from: '2026-11-23T00:00:00Z', to: '2026-11-28T00:00:00Z', reason: 'exams' },
  });
  assert.deepEqual(quiet('2026-11-23'), {
    from: '2026-11-23T00:00:00Z',
    to: '2026-11-24T00:00:00Z',
    reason: '',
  });
  assert.deepEqual(quiet('2026-11-23T08:00:00-04:00/2026-11-23T12:30:00-04:00=a=b'), {
    ...{ from: '2026-11-23T12:00:00Z', to: '2026-11-23T16:30:00Z', reason: 'a=b' },
  });
  for (const wrong of [
    '',
    '=exams',
    '2026-11-27/2026-11-23',
    '2026-11-23/2026-11-24/2026-11-25',
    `2026-11-23=${'x'.repeat(501)}`,
  ])
    assert.ok(
      ['rollout-quiet-not-understood', 'date-not-understood'].includes(codeOf(() => quiet(wrong)) ?? ''),
      wrong,
    );
});

test('serial numbers come from the command line or from a file', () => {
  const list = scratch.file('serials');
  writeFileSync(list, '\ufeffCSN74800001 # the teacher\r\n\nSHC*\n');
  assert.deepEqual(patterns(`@${list}`, '--early-serial'), ['CSN74800001', 'SHC*']);
  assert.deepEqual(patterns('XO-1 ?', '--early-model'), ['XO-1 ?']);
  for (const wrong of ['', ' x', 'ñ', 'a\nb', 'x'.repeat(200)])
    assert.equal(
      codeOf(() => patterns(wrong, '--early-serial')),
      'rollout-pattern-not-understood',
      wrong,
    );
  assert.equal(
    codeOf(() => patterns('@/nowhere', '--early-serial')),
    'system-call-failed',
  );
});
