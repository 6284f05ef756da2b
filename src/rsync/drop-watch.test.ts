import assert from 'node:assert/strict';
import { readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { dropSet } from '../../test/doubles/dropped-sets.ts';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { writeTinyBuilds } from '../../test/doubles/tiny-builds.ts';
import { when } from '../../test/doubles/when.ts';
import { memoryStore } from '../store/memory.ts';
import { initialiseTrust } from '../trust/initialise.ts';
import { memoryKeyRing } from '../trust/keys.ts';
import { readDropRecord } from './drop-record.ts';
import { type WatchOptions, watchDrop } from './drop-watch.ts';
import { rsyncLayout } from './layout.ts';

const scratch = scratchFolder('drop-watch');
after(() => scratch.remove());
const { b1, b2 } = writeTinyBuilds(scratch.path);
const never = 3_600_000;

/** Watches a new drop directory; the watch ends with the test. */
async function watched(
  test: { after(end: () => Promise<void>): void },
  story: string,
  options: Partial<WatchOptions> = {},
) {
  const layout = rsyncLayout(scratch.file(story, 'repo.rsync'));
  const store = memoryStore();
  const keys = memoryKeyRing();
  const clock = Date.now;
  await initialiseTrust({ store, keys, clock }, {});
  const said: string[] = [];
  const note = (sentence: string) => said.push(sentence);
  const watch = watchDrop({
    layout,
    store,
    keys,
    clock,
    spoolDirectory: scratch.file(story, 'spool'),
    keepRequest: () => assert.fail(),
    log: { info: note, warn: note },
    settle: 5,
    quiet: 20,
    interval: never,
    ...options,
  });
  test.after(() => watch.close());
  const states = () =>
    [...readDropRecord(layout).sets.values()].map(({ set, state }) => `${set} ${state}`).join(', ');
  return { layout, packed: layout.packed, said, watch, states };
}

test('what was dropped before the watch began is published at once', async (t) => {
  const layout = rsyncLayout(scratch.file('before', 'repo.rsync'));
  dropSet(layout.packed, { prefix: 'one', archive: b1 });
  const { states, said } = await watched(t, 'before');
  await when(() => states() === 'one published');
  await when(() => said.length > 0);
  assert.deepEqual(said, ['Published one from the drop directory.']);
});

test('dropping files publishes the build, removing its .name file withdraws it', async (t) => {
  const { packed, states, said } = await watched(t, 'story');
  await when(() => said.length === 0 && states() === '');
  const { name } = dropSet(packed, { prefix: 'one', archive: b1 });
  await when(() => states() === 'one published');
  rmSync(name);
  await when(() => said.length === 2);
  assert.match(said[1] ?? '', /^Withdrew one:/);
  assert.equal(states(), '');
});

test('a file that grows slowly is waited for', async (t) => {
  const { packed, states, said } = await watched(t, 'slow');
  const { archive } = dropSet(packed, { prefix: 'one', archive: b1, without: '.name' });
  const whole = readFileSync(archive);
  truncateSync(archive, 0);
  dropSet(packed, { prefix: 'one', archive: b1, without: 'archive' });
  for (let part = 1; part <= 20; part += 1) {
    writeFileSync(archive, whole.subarray(0, Math.ceil((whole.length * part) / 20)));
    await new Promise(setImmediate);
  }
  await when(() => states() === 'one published');
  assert.ok(!said.some((sentence) => sentence.startsWith('Withdrew')));
});

test('each problem is said once, and again when it has changed', async (t) => {
  const { packed, said, states } = await watched(t, 'problems', { interval: 10 });
  const { md5 } = dropSet(packed, { prefix: 'one', archive: b1, without: '.contents' });
  await when(() => said.includes('one waits for its file one.contents.'));
  writeFileSync(md5, `${'0'.repeat(32)}  one-tree.tar\n`);
  writeFileSync(`${packed}/one.contents`, 'manifest');
  await when(() => states() === 'one failed');
  dropSet(packed, { prefix: 'two', archive: b2 });
  await when(() => states() === 'one failed, two published');
  assert.equal(said.filter((sentence) => sentence.includes('one-tree.tar')).length, 1);
});

test('a directory that is replaced by another one is watched from then on', async (t) => {
  const { packed, states } = await watched(t, 'replaced');
  dropSet(packed, { prefix: 'one', archive: b1 });
  await when(() => states() === 'one published');
  dropSet(`${packed}.new`, { prefix: 'one', archive: b1 });
  renameSync(packed, `${packed}.old`);
  renameSync(`${packed}.new`, packed);
  dropSet(packed, { prefix: 'two', archive: b2 });
  await when(() => states().includes('two published'));
});

test('a drop directory that cannot be read is said, and the watch goes on', async (t) => {
  const { layout, packed, said, states } = await watched(t, 'record', { interval: 10 });
  await when(() => states() === '');
  writeFileSync(layout.packedRecord, 'no record');
  dropSet(packed, { prefix: 'one', archive: b1 });
  await when(() => said.length > 0);
  rmSync(layout.packedRecord);
  await when(() => states() === 'one published');
});

test('closing ends a refresh under way, and nothing happens afterwards', async (t) => {
  const { packed, watch, states } = await watched(t, 'closing', { settle: never });
  dropSet(packed, { prefix: 'one', archive: b1 });
  await watch.close();
  assert.equal(states(), '');
});
