/** A device against real nginx over a repository directory: nothing of ours answers its requests. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { UpdateResult } from '../../src/device/update.ts';
import { type Nginx, nginxInstalled, startNginx } from '../doubles/nginx.ts';
import { assertSameTree } from '../doubles/same-tree.ts';
import { done, pristine, refused, startSatchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { writeStoryTree } from '../doubles/story-trees.ts';
import { bytesIn, when } from '../doubles/when.ts';

const scratch = scratchFolder('nginx-device');
const repository = scratch.file('repository');
const device = scratch.file('device');
const trees = [1, 2].map((version) => scratch.file(`tree-${version}`)) as [string, string];
const skip = nginxInstalled() ? false : 'nginx is not installed: apt-get install nginx-light';
let nginx: Nginx;
let rootHash = '';

describe('a device behind nginx', { skip }, () => {
  before(async () => {
    rootHash = (await done<{ rootSha256: string }>(['init', '--repo', repository])).rootSha256;
    writeStoryTree(trees[0], 1);
    await done(['publish', '--repo', repository, '--name', 'os-1', trees[0]]);
    nginx = await startNginx(repository);
  });

  after(async () => {
    await nginx?.close();
    scratch.remove();
  });

  test('it is set up and installs', async () => {
    await done(['device', 'init', '--root', device, '--source', nginx.url, '--trust', rootHash]);
    const report = await done<UpdateResult>(['update', '--root', device]);
    assert.deepEqual([report.build, report.from], ['os-1', null]);
    assertSameTree(pristine(device, 'os-1'), trees[0]);
  });

  test('with nothing to do it costs 3 requests and 5 kB at most', async () => {
    const report = await done<UpdateResult>(['update', '--root', device]);
    assert.equal(report.plan, 'none');
    assert.ok(report.requests <= 3 && report.bytesReceived <= 5000, JSON.stringify(report));
  });

  test('what is published while nginx runs is there at once', async () => {
    writeStoryTree(trees[1], 2);
    const words = ['publish', '--repo', repository, '--name', 'os-2', '--deltas', '1', '--wait', trees[1]];
    await done(words);
    const report = await done<UpdateResult>(['update', '--root', device]);
    assert.deepEqual([report.build, report.from, report.plan], ['os-2', 'os-1', 'delta']);
    assert.ok(report.requests <= 9 && report.bytesReceived < 50_000, JSON.stringify(report));
    assertSameTree(pristine(device, 'os-2'), trees[1]);
  });

  test('a transfer that was killed goes on where it stopped', async () => {
    const clean = await install('undisturbed');
    const root = scratch.file('killed');
    await done(['device', 'init', '--root', root, '--source', nginx.url, '--trust', rootHash]);
    const spool = `${root}/versions/updates/satchel/spool`;
    // The device slows itself down, so that there is a middle to be killed in.
    const running = startSatchel(['update', '--root', root, '--limit-rate', '2MB']);
    await when(() => bytesIn(spool) > 1.5e6, running.ended);
    running.child.kill('SIGKILL');
    await running.ended;
    const kept = bytesIn(spool);
    const report = await done<UpdateResult>(['update', '--root', root]);
    assert.ok(kept > 1.5e6 && report.bytesReceived < clean.bytesReceived - kept + 64 * 1024);
    assertSameTree(pristine(root, 'os-2'), trees[1]);
  });

  test('what is not in the repository is not there for a device either', async () => {
    const refusal = await refused([
      'device',
      'init',
      '--root',
      scratch.file('no'),
      '--source',
      `${nginx.url}/packs`,
      '--trust-on-first-use',
    ]);
    assert.equal(refusal.exitCode, 3);
  });
});

async function install(name: string): Promise<UpdateResult> {
  const root = scratch.file(name);
  await done(['device', 'init', '--root', root, '--source', nginx.url, '--trust', rootHash]);
  return done<UpdateResult>(['update', '--root', root]);
}
