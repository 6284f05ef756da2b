/** An update by an ordinary user: what only root can do is owed, and paid when root repairs. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { DeviceStatus } from '../../src/device/status.ts';
import type { UpdateResult } from '../../src/device/update.ts';
import { nobodyWrapper } from '../doubles/nobody.ts';
import { nobody } from '../doubles/readable-checkout.ts';
import { assertSameTree, describeTree } from '../doubles/same-tree.ts';
import { done, doneWith, pristine, satchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot, writeStoryTree } from '../doubles/story-trees.ts';

const scratch = scratchFolder('not-root');
const repository = scratch.file('repository');
const home = scratch.file('home');
const device = `${home}/device`;
const trees = [1, 2].map((version) => scratch.file(`tree-${version}`)) as [string, string];
const skip = isRoot ? false : 'needs root: the trees of this story have owners and devices';

/** Runs a command as the user nobody, who has no rights at all. */
const asNobody = { wrapper: isRoot ? nobodyWrapper() : [], environment: { HOME: home } };

before(async () => {
  if (!isRoot) return;
  const { rootSha256 } = await done<{ rootSha256: string }>(['init', '--repo', repository]);
  for (const [number, tree] of trees.entries()) {
    writeStoryTree(tree, number === 0 ? 1 : 2);
    await done([
      ...['publish', '--repo', repository, '--name', `os-${number + 1}`],
      ...['--deltas', '1', '--wait', tree],
    ]);
  }
  chmodSync(scratch.path, 0o755);
  mkdirSync(home);
  chownSync(home, nobody, nobody);
  const words = ['device', 'init', '--root', device, '--source', repository, '--trust', rootSha256];
  await done(words, asNobody);
});

after(() => scratch.remove());

describe('a device of an ordinary user', { skip }, () => {
  test('the install says once what is owed, and records it', async () => {
    const { report, stderr } = await doneWith<UpdateResult>(['update', '--root', device, 'os-1'], asNobody);
    assert.equal(report.build, 'os-1');
    assert.equal(stderr.match(/Not run as root/g)?.length, 1);
    const { versions } = await done<DeviceStatus>(['status', '--root', device], asNobody);
    assert.ok((versions[0]?.owed ?? 0) > 10, `${versions[0]?.owed} paths`);
    const owed = readFileSync(`${device}/versions/updates/satchel/owed/os-1.jsonl`, 'utf8');
    assert.match(owed, /^\{"path":"dev\/null","owed":\["device"\]\}$/m);
    assert.match(owed, /^\{"path":"usr\/bin\/setuid","owed":\["owner","mode"\]\}$/m);
  });

  test('all that an ordinary user can do is done, and no set-id bit is given to the wrong owner', () => {
    const [wanted, got] = [describeTree(trees[0]), describeTree(pristine(device, 'os-1'))];
    for (const [path, entry] of wanted) {
      const found = got.get(path);
      if (entry.type === 'char' || entry.type === 'block') {
        assert.equal(found, undefined, path);
        continue;
      }
      const setId = entry.mode & 0o6000;
      assert.deepEqual(
        [found?.type, found?.content, found?.link, found?.group, found?.mtime, (found?.mode ?? 0) | setId],
        [entry.type, entry.content, entry.link, entry.group, entry.mtime, entry.mode],
        path,
      );
      assert.equal(found?.owner, `${nobody}:${nobody}`, path);
    }
    assert.equal(lstatSync(`${pristine(device, 'os-1')}/usr/bin/setuid`).mode & 0o7777, 0o755);
  });

  test('verifying does not call it damage', async () => {
    for (const words of [['verify'], ['verify', '--full']]) {
      const { code, stdout, stderr } = await satchel([...words, '--root', device], asNobody);
      assert.equal(code, 0, stdout + stderr);
    }
  });

  test('an update by delta goes on from there, and owes the same', async () => {
    const { report, stderr } = await doneWith<UpdateResult>(['update', '--root', device], asNobody);
    assert.deepEqual([report.build, report.plan, report.damaged], ['os-2', 'delta', undefined]);
    assert.equal(stderr.match(/Not run as root/g)?.length, 1);
    const { code, stdout } = await satchel(['verify', '--root', device, '--full', '--all'], asNobody);
    assert.equal(code, 0, stdout);
    const { versions } = await done<DeviceStatus>(['status', '--root', device], asNobody);
    assert.ok(versions.every(({ owed }) => owed > 10));
  });

  test('when root repairs, the debt is paid and the trees are exactly those that were published', async () => {
    await done(['repair', '--root', device, '--all']);
    assertSameTree(pristine(device, 'os-2'), trees[1]);
    assertSameTree(pristine(device, 'os-1'), trees[0]);
    const { versions } = await done<DeviceStatus>(['status', '--root', device]);
    assert.deepEqual(
      versions.map(({ owed }) => owed),
      [0, 0],
    );
    assert.equal((await satchel(['verify', '--root', device, '--full', '--all'])).code, 0);
  });

  test('an update by root of what an ordinary user has installed is right at once', async () => {
    const root = `${home}/second`;
    const { rootSha256 } = await done<{ rootSha256: string }>([
      'device',
      'init',
      '--root',
      scratch.file('peek'),
      '--source',
      repository,
      '--trust-on-first-use',
    ]);
    const words = ['device', 'init', '--root', root, '--source', repository, '--trust', rootSha256];
    await done(words, asNobody);
    await done(['update', '--root', root, 'os-1'], asNobody);
    const report = await done<UpdateResult>(['update', '--root', root]);
    assert.equal(report.plan, 'delta');
    assertSameTree(pristine(root, 'os-2'), trees[1]);
  });

  test('the story ran as the user that it says', () => {
    const [program = '', ...words] = [...asNobody.wrapper, 'id', '-u'];
    assert.equal(execFileSync(program, words, { encoding: 'utf8' }).trim(), String(nobody));
  });
});
