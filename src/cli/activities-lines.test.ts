/** What people read of an update of their activities. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BundlePlan } from '../activities/bring-bundles.ts';
import { activitiesLines } from './activities-lines.ts';
import { wordsIn } from './program.ts';

const plan: BundlePlan = { bytes: 1000, requests: 2, disk: 5000, byDelta: 0 };
const result = { updated: [], staying: [], bytesReceived: 1100, requests: 2, seconds: 1 };
const last = (given: BundlePlan, dryRun: boolean) =>
  activitiesLines(
    { ...result, plan: given, dryRun } as unknown as Parameters<typeof activitiesLines>[0],
    wordsIn('en'),
  ).at(-1);

test('what is received stands beside all that the bundles hold, where their records tell it', () => {
  const told = { ...plan, whole: 303_000 };
  assert.equal(
    last(told, true),
    'needs 1.00 kB from the source and 5.00 kB of disk (all that is in them takes 303 kB)',
  );
  assert.match(
    last(told, false)!,
    /^received 1\.10 kB in 2 requests, .* \(all that is in them takes 303 kB\)$/,
  );
});

test('nothing is compared where an older record does not tell', () => {
  assert.equal(last(plan, true), 'needs 1.00 kB from the source and 5.00 kB of disk');
});
