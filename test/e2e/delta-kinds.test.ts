/** Deltas to builds that differ in one way only: times, links, owners, what is new, gone or moved. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { UpdateResult } from '../../src/device/update.ts';
import { must } from '../doubles/command.ts';
import {
  type DeltaStory,
  deviceWithFirst,
  publishDeltaStory,
  smallChanges,
  writeDeltaTree,
} from '../doubles/delta-story.ts';
import { assertSameTree, snapshotOf } from '../doubles/same-tree.ts';
import { doneWith, pristine } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { bytesIn } from '../doubles/when.ts';

const scratch = scratchFolder('delta-kinds');
let story: DeltaStory;

/** A delta to each build is smaller than this many bytes: without new content it has no segment at all. */
const largest: Readonly<Record<string, number>> = {
  'only-times': 1000,
  'only-new': 1_230_000,
  'only-removed': 1000,
  'only-links': 1000,
  'only-moved': 2000,
  'only-owners': 1000,
};

before(async () => {
  story = await publishDeltaStory(scratch);
});

after(() => scratch.remove());

describe('a build that differs in one way only', { concurrency: 2 }, () => {
  for (const [name, change] of Object.entries(smallChanges))
    test(name, async () => {
      const tree = scratch.file(`tree-${name}`);
      writeDeltaTree(tree, 1);
      change(tree);
      // Builds of a stream would be deltas from each other.
      const words = ['publish', '--repo', story.repository, '--name', name, '--stream', name];
      await must(...words, '--deltas', '0', tree);
      const { made } = await must('delta', 'create', '--repo', story.repository, 'os-1', name);
      const root = await deviceWithFirst(story, scratch.file(`device-${name}`), story.repository);
      const old = snapshotOf(pristine(root, 'os-1'));
      const { report, stderr } = await doneWith<UpdateResult>(['update', '--root', root, name]);
      assert.equal(report.plan, 'delta', stderr);
      assert.doesNotMatch(stderr, /of no use|damaged/);
      assert.ok(made[0].bytes < largest[name]!, `${made[0].bytes} bytes`);
      assertSameTree(pristine(root, name), tree);
      assert.deepEqual(snapshotOf(pristine(root, 'os-1')), old);
      assert.equal(bytesIn(`${root}/versions/updates/satchel/spool`), 0);
    });
});
