import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { SatchelError } from '../base/errors.ts';
import { openLinkFile, readLinkState } from './link-file.ts';

const scratch = scratchFolder('link');
after(() => scratch.remove());
const start = Date.parse('2026-01-15T12:00:00Z');
let number = 0;

function newFile() {
  number += 1;
  const time = { now: start };
  const layout = { link: scratch.file(`link-${number}.json`) };
  return { layout, time, file: openLinkFile(layout, () => time.now) };
}

const failure = (reason: string) =>
  new SatchelError('store-unreachable', { location: 'http://o/', name: 'x', reason });

test('failures add up until the next contact, and the last is kept', () => {
  const { file, time, layout } = newFile();
  assert.deepEqual(file.state(), { failures: 0 });
  file.failed(failure('one'));
  time.now += 5000;
  file.failed(failure('two'));
  const down = readLinkState(layout);
  assert.deepEqual(
    [down.failures, down.downSince, down.lastFailure?.parameters.reason],
    [2, '2026-01-15T12:00:00Z', 'two'],
  );
  file.contacted();
  const { failures, downSince, contacted, lastFailure } = file.state();
  assert.deepEqual([failures, downSince, contacted], [0, undefined, '2026-01-15T12:00:05Z']);
  assert.equal(lastFailure?.at, '2026-01-15T12:00:05Z');
});

test('a contact that changes nothing else is written once a minute', () => {
  const { file, time, layout } = newFile();
  file.contacted();
  file.checked(undefined);
  const { ino } = statSync(layout.link);
  time.now += 59_000;
  file.contacted();
  file.checked(undefined);
  assert.equal(statSync(layout.link).ino, ino);
  time.now += 1000;
  file.contacted();
  assert.equal(file.state().contacted, '2026-01-15T12:01:00Z');
  // A clock that was set back.
  time.now = start - 86_400_000;
  file.contacted();
  assert.equal(file.state().contacted, '2026-01-14T12:00:00Z');
});

test('rates blend, and a problem stays until the news are good again', () => {
  const { file } = newFile();
  file.measured({ bytesPerSecond: 1000, roundTrip: 0.2 });
  file.measured({ bytesPerSecond: 3000, roundTrip: 0.4 });
  assert.equal(file.state().rate?.bytesPerSecond, 2000);
  file.checked(new SatchelError('metadata-unsigned', { file: 'a', source: 'b' }));
  assert.equal(file.state().problem?.code, 'metadata-unsigned');
  file.checked(undefined);
  assert.equal(file.state().problem, undefined);
  file.reported(new SatchelError('site-reports-revoked', { upstream: 'http://o/' }));
  file.contacted();
  assert.deepEqual(file.state().reports?.parameters, { upstream: 'http://o/' });
  file.reported(undefined);
  assert.equal(file.state().reports, undefined);
});

test('whatever lies there, it counts as nothing or as what it says', () => {
  const { file, layout } = newFile();
  file.failed(failure('x'));
  const right = readFileSync(layout.link, 'utf8');
  const changes = fc.array(fc.tuple(fc.nat(right.length - 1), fc.string({ minLength: 1, maxLength: 1 })), {
    maxLength: 3,
  });
  fc.assert(
    fc.property(changes, (given) => {
      const text = [...right];
      for (const [place, character] of given) text[place] = character;
      writeFileSync(layout.link, text.join(''));
      assert.ok(readLinkState(layout).failures >= 0);
    }),
  );
  for (const text of [
    '',
    'null',
    '{"satchel":"site-link","format":2}',
    right.replace('store-un', 'no-such-'),
  ]) {
    writeFileSync(layout.link, text);
    assert.deepEqual(readLinkState(layout), { failures: 0 });
  }
});
