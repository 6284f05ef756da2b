/** Updates by delta: one small stream, the right tree, and an old version that nothing touches. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { UpdatePlan } from '../../src/device/plan-update.ts';
import type { DeviceStatus } from '../../src/device/status.ts';
import type { UpdateResult } from '../../src/device/update.ts';
import { type DeltaStory, deviceWithFirst, publishDeltaStory } from '../doubles/delta-story.ts';
import { type FaultServer, startFaultServer } from '../doubles/fault-server.ts';
import { assertSameTree, snapshotOf } from '../doubles/same-tree.ts';
import { done, pristine, refused, satchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';

const scratch = scratchFolder('delta-update');
let story: DeltaStory;
let server: FaultServer;

const device = (name: string) => deviceWithFirst(story, scratch.file(name), server.url);
const status = (root: string) => done<DeviceStatus>(['status', '--root', root]);
const wayOf = ({ ways }: UpdatePlan, kind: string) => ways.find((way) => way.kind === kind)!;

before(async () => {
  story = await publishDeltaStory(scratch);
  server = await startFaultServer(story.repository);
});

after(async () => {
  await server.close();
  scratch.remove();
});

describe('an update by delta', () => {
  test('is planned, costs few bytes and requests, and makes the tree that was published', async () => {
    const root = await device('usual');
    const old = snapshotOf(pristine(root, 'os-1'));
    const plan = await done<UpdatePlan>(['plan', '--root', root]);
    assert.equal(plan.plan, 'delta');
    const [delta, objects, everything] = ['delta', 'objects', 'everything'].map((kind) => wayOf(plan, kind));
    assert.equal(delta?.bytes, story.delta.length);
    assert.equal(delta.memory, story.delta.memory);
    assert.ok(delta.bytes < objects!.bytes / 2 && objects!.bytes < everything!.bytes);
    assert.ok(delta.disk < objects!.disk);

    const fresh = await device('fresh');
    const report = await done<UpdateResult>(['update', '--root', fresh]);
    assert.deepEqual(
      [report.plan, report.from, report.build, report.damaged],
      ['delta', 'os-1', 'os-2', undefined],
    );
    assert.ok(report.requests <= 9, `${report.requests} requests`);
    // Metadata comes on top, a few kilobytes of it.
    assert.ok(report.bytesReceived < story.delta.length + 20_000, `${report.bytesReceived} bytes`);
    assertSameTree(pristine(fresh, 'os-2'), story.trees[1]);
    assert.equal((await satchel(['verify', '--root', fresh, '--full', '--all'])).code, 0);

    // What the plan has received already is not received again.
    const planned = await done<UpdateResult>(['update', '--root', root]);
    assert.ok(planned.bytesReceived < report.bytesReceived - story.delta.head.length + 1000);
    assertSameTree(pristine(root, 'os-2'), story.trees[1]);
    assert.deepEqual(snapshotOf(pristine(root, 'os-1')), old, 'the old version is as it was');
    assert.equal((await status(root)).spoolBytes, 0);
  });

  test('needs nothing but metadata and the delta: no index, no map, no pack', async () => {
    const root = await device('requests');
    const before = server.requests.length;
    await done(['update', '--root', root]);
    const asked = server.requests.slice(before).map(({ path }) => path);
    assert.deepEqual(
      asked.filter((path) => /^\/(indexes|maps|packs|contents)/.test(path)),
      [],
    );
    assert.equal(asked.filter((path) => path.startsWith('/deltas/')).length, 2);
  });

  test('can be gone back from, and then only switched to', async () => {
    const root = scratch.file('usual');
    await done(['rollback', '--root', root]);
    assertSameTree(pristine(root, 'os-1'), story.trees[0]);
    const report = await done<UpdateResult>(['update', '--root', root]);
    assert.equal(report.plan, 'switch');
  });

  test('goes on from a directory as well as from a server', async () => {
    const root = await deviceWithFirst(story, scratch.file('directory'), story.repository);
    const report = await done<UpdateResult>(['update', '--root', root]);
    assert.equal(report.plan, 'delta');
    assertSameTree(pristine(root, 'os-2'), story.trees[1]);
  });
});

describe('a budget', () => {
  test('between the price of the delta and that of the objects lets the delta through', async () => {
    const root = await device('enough');
    const words = ['--root', root, '--max-bytes', `${story.delta.length}B`];
    assert.equal((await done<UpdatePlan>(['plan', ...words])).plan, 'delta');
    const report = await done<UpdateResult>(['update', ...words]);
    assert.equal(report.plan, 'delta');
    assertSameTree(pristine(root, 'os-2'), story.trees[1]);
  });

  test('that is too small for the delta stops the update before any content moves', async () => {
    const root = await device('too-small');
    const before = server.requests.length;
    for (const command of ['plan', 'update']) {
      const limit = ['--max-bytes', `${story.delta.length - 1}B`];
      const { code, exitCode, message } = await refused([command, '--root', root, ...limit]);
      assert.deepEqual([code, exitCode], ['plan-over-budget', 4]);
      assert.match(message, /os-2/);
    }
    const asked = server.requests.slice(before).map(({ path }) => path);
    assert.deepEqual(
      asked.filter((path) => /^\/(deltas|packs)/.test(path)),
      [],
    );
    assert.equal((await status(root)).nextBoot, 'os-1');
  });

  test('that stops an update leaves nothing behind that stands in the way of the next', async () => {
    const report = await done<UpdateResult>(['update', '--root', scratch.file('too-small')]);
    assert.equal(report.plan, 'delta');
  });
});
