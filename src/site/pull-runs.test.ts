import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { wholeContent } from './pull-content.ts';
import { createIntervals } from './pull-intervals.ts';
import type { PartFile } from './pull-part-file.ts';
import { createProofs } from './pull-proofs.ts';
import type { RunScene } from './pull-run.ts';
import { createRuns } from './pull-runs.ts';
import { createUsers } from './pull-users.ts';

test('a run that cannot even say how it failed ends like any other, and who waits is told', async () => {
  const size = 1000;
  const part: PartFile = {
    ...{ path: '/absent', name: 'deltas/x', size, received: createIntervals() },
    ...{ write: async () => {}, read: async () => {}, forget() {} },
    ...{ sync: async () => {}, close: async () => {}, remove() {} },
  };
  const content = wholeContent('0'.repeat(64) as Sha256, size);
  let isIdle = false;
  let [woken, done] = [0, 0];
  const users = createUsers(() => {
    isIdle = true;
  });
  const wake = () => {
    woken += 1;
  };
  const proofs = createProofs({ part, content, wake, judged() {}, done() {} });
  const { signal } = new AbortController();
  const upstream = {
    location: 'upstream',
    read: async () => assert.fail('without room nothing is asked for'),
    close: async () => {},
  };
  const timing = { patience: 0, sleep: async () => {}, random: () => 0 };
  const scene: RunScene = {
    ...{ name: part.name, part, content, upstream, timing, signal, wake },
    prove: proofs.prove,
  };
  const full = new SatchelError('disk-full', { path: part.path });
  const runs = createRuns({
    ...{ scene, proofs, users },
    ensureRoom: async () => {
      throw new SatchelError('store-changed', { location: 'upstream', name: part.name, before: 1, after: 2 });
    },
    failed() {
      throw full;
    },
    done() {
      done += 1;
    },
  });
  const run = runs.begin({ start: 0, end: size, pace: undefined });
  await Promise.all(users.working());
  assert.equal(run.failure, full);
  assert.deepEqual([isIdle, woken, done, runs.isReceiving()], [true, 1, 1, false]);
});
