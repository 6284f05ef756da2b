/** Updates by delta of an ordinary user, who may not even read every file of the old version. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, lstatSync, mkdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { UpdateResult } from '../../src/device/update.ts';
import { type DeltaStory, publishDeltaStory } from '../doubles/delta-story.ts';
import { nobodyWrapper } from '../doubles/nobody.ts';
import { nobody } from '../doubles/readable-checkout.ts';
import { assertSameTree } from '../doubles/same-tree.ts';
import { done, doneWith, pristine, satchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot } from '../doubles/story-trees.ts';

const scratch = scratchFolder('delta-not-root');
const home = scratch.file('home');
const root = `${home}/device`;
const skip = isRoot ? false : 'needs root: the trees of this story have owners and devices';
const asNobody = { wrapper: isRoot ? nobodyWrapper() : [], environment: { HOME: home } };
let story: DeltaStory;

describe('a device of an ordinary user', { skip }, () => {
  before(async () => {
    story = await publishDeltaStory(scratch);
    chmodSync(scratch.path, 0o755);
    mkdirSync(home);
    chownSync(home, nobody, nobody);
    const words = ['device', 'init', '--root', root, '--source', story.repository];
    await done([...words, '--trust', story.rootHash], asNobody);
    await done(['update', '--root', root, 'os-1'], asNobody);
  });

  after(() => scratch.remove());

  test('goes by delta, and fetches what is made from a file that may not be read', async () => {
    const secret = `${pristine(root, 'os-1')}/usr/share/secret`;
    assert.deepEqual([lstatSync(secret).mode & 0o777, lstatSync(secret).uid], [0, nobody]);
    const { report, stderr } = await doneWith<UpdateResult>(['update', '--root', root], asNobody);
    assert.deepEqual([report.build, report.plan], ['os-2', 'delta'], stderr);
    assert.equal((await satchel(['verify', '--root', root, '--all'], asNobody)).code, 0);
  });

  test('has exactly the trees that were published when root has repaired them', async () => {
    await done(['repair', '--root', root, '--all']);
    assertSameTree(pristine(root, 'os-2'), story.trees[1]);
    assertSameTree(pristine(root, 'os-1'), story.trees[0]);
  });
});
