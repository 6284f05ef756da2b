import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { must } from '../../test/doubles/command.ts';
import { openTestTrees } from '../../test/doubles/rsync-trees.ts';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { writeTinyBuilds } from '../../test/doubles/tiny-builds.ts';
import { type BuildName, buildName } from '../base/identifiers.ts';
import { silentReporter } from '../base/progress.ts';
import { rsyncLayout } from './layout.ts';
import { createTreeRoom } from './tree-room.ts';

const scratch = scratchFolder('tree-room');
const repository = scratch.file('repo');
const [b1, b2] = ['b1', 'b2'].map(buildName) as [BuildName, BuildName];

before(async () => {
  const archives = writeTinyBuilds(scratch.path);
  await must('init', '--repo', repository);
  await must('publish', '--repo', repository, '--name', 'b1', archives.b1);
  await must('publish', '--repo', repository, '--name', 'b2', archives.b2);
});
after(() => scratch.remove());

test('where nothing was ever served nothing counts, and nothing is made', async () => {
  const layout = rsyncLayout(scratch.file('none'));
  const room = createTreeRoom({ layout, reporter: silentReporter });
  assert.deepEqual([room.bytes(), room.otherBytes()], [0, 0]);
  await room.shrinkTo(0);
  assert.equal(existsSync(layout.directory), false);
});

test('trees go, the least recently used first, but none of those that another has open or that are sticky', async () => {
  const { trees, layout, prepareAll, close } = await openTestTrees(repository, scratch.file('rsync'));
  await prepareAll();
  for (const name of [b1, b2]) await trees.make(name);
  utimesSync(layout.readyMark(b1), 1_000_000, 1_000_000);
  const room = createTreeRoom({ layout, reporter: silentReporter });
  const { bytes } = trees.usage();
  assert.ok(bytes > 0);
  assert.equal(room.bytes(), bytes);
  await room.shrinkTo(0);
  assert.deepEqual(readdirSync(layout.readyMarks), ['b1', 'b2']);
  await close();

  await room.shrinkTo(bytes - 1);
  assert.deepEqual(readdirSync(layout.readyMarks), ['b2']);
  assert.deepEqual([readdirSync(layout.module(b1)), readdirSync(layout.trash)], [[], []]);
  assert.ok(room.bytes() < bytes);
  writeFileSync(join(layout.sticky, b2), '');
  await room.shrinkTo(0);
  assert.deepEqual(readdirSync(layout.readyMarks), ['b2']);
});

test('a directory that is not all there, or whose settings cannot be read, is no trouble', async () => {
  const { trees, layout, prepareAll, close } = await openTestTrees(repository, scratch.file('broken'));
  await prepareAll();
  for (const name of [b1, b2]) await trees.make(name);
  await close();
  const room = createTreeRoom({ layout, reporter: silentReporter });
  writeFileSync(layout.settings, 'nonsense');
  await room.shrinkTo(0);
  assert.deepEqual(readdirSync(layout.readyMarks), []);
  rmSync(layout.run, { recursive: true });
  await room.shrinkTo(0);
  assert.equal(room.bytes(), 0);
});

test('what is no tree counts, wherever it lies', () => {
  const layout = rsyncLayout(scratch.file('others'));
  const room = createTreeRoom({ layout, reporter: silentReporter });
  let before = room.otherBytes();
  for (const folder of [join(layout.own, 'packs'), layout.packed, join(layout.incoming, 'b1')]) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'file'), Buffer.alloc(100_000, 7));
    const now = room.otherBytes();
    assert.ok(now >= before + 100_000, folder);
    before = now;
  }
});
