/** Parts that are staged beside each other: how many, what is told of them, and what a failure of one does to the others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { type Progress, type Reporter, silentReporter } from '../base/progress.ts';
import { gatherCrew, partsAtOnce, type StagePart } from './staging-crew.ts';

/** A part that is staged when it is told so. */
function part(size: StagePart['size'] = {}) {
  const end = Promise.withResolvers<void>();
  const seen: { reporter?: Reporter; signal?: AbortSignal } = {};
  const stage: StagePart['stage'] = (reporter, signal) => {
    Object.assign(seen, { reporter, signal });
    signal.addEventListener('abort', () => end.reject(new Error('stopped')));
    return end.promise;
  };
  return { ...end, seen, part: { size, stage } };
}

test('so many parts are begun at once, and the next when one of them is done', async () => {
  await using crew = gatherCrew({ reporter: silentReporter });
  const parts = Array.from({ length: partsAtOnce + 1 }, () => part());
  for (const each of parts) crew.add(each.part);
  const begun = () => parts.filter(({ seen }) => seen.signal !== undefined).length;
  assert.equal(begun(), partsAtOnce);
  const finished = crew.finish();
  for (const each of parts) each.resolve();
  await finished;
  assert.equal(begun(), parts.length);
});

test('progress is that of all parts together', async () => {
  const told: Progress[] = [];
  await using crew = gatherCrew({ reporter: { ...silentReporter, progress: (each) => told.push(each) } });
  const parts = [part({ stage: 10, fetch: 5 }), part({ stage: 30 })];
  for (const each of parts) crew.add(each.part);
  parts[0]!.seen.reporter!.progress({ step: 'stage', done: 4, total: 10, unit: 'entries' });
  parts[1]!.seen.reporter!.progress({ step: 'stage', done: 6, total: 30, unit: 'entries' });
  parts[0]!.seen.reporter!.progress({ step: 'fetch', done: 9, total: 9, unit: 'bytes' });
  assert.deepEqual(
    told.map(({ step, done, total }) => [step, done, total]),
    [
      ['stage', 4, 40],
      ['stage', 10, 40],
      // More than was counted: something was asked for again.
      ['fetch', 5, 5],
    ],
  );
  for (const each of parts) each.resolve();
  await crew.finish();
});

test('a failure stops the others, and is what is thrown when none is under way any more', async () => {
  await using crew = gatherCrew({ reporter: silentReporter });
  const parts = Array.from({ length: partsAtOnce + 1 }, () => part());
  for (const each of parts) crew.add(each.part);
  parts[1]!.reject(new Error('the disk is full'));
  await assert.rejects(crew.finish(), /the disk is full/);
  assert.ok(parts[0]!.seen.signal!.aborted);
  assert.equal(parts.at(-1)!.seen.signal, undefined, 'nothing is begun after a failure');
});

test('closing it without waiting for the end stops what is under way', async () => {
  const crew = gatherCrew({ reporter: silentReporter });
  const one = part();
  crew.add(one.part);
  await crew[Symbol.asyncDispose]();
  assert.ok(one.seen.signal!.aborted);
});

test('whoever cancels is told so, also when nothing had begun', async () => {
  const signal = AbortSignal.abort();
  await using crew = gatherCrew({ reporter: silentReporter, signal });
  crew.add(part().part);
  await assert.rejects(crew.finish(), (error) => isSatchelError(error, 'cancelled'));
});
