/** `olpc-update` at a repository: a face of the device's own commands. */
import assert from 'node:assert/strict';
import { appendFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { UpdateResult } from '../../src/device/update.ts';
import type { ClientUpdateResult } from '../../src/rsync/client-options.ts';
import { assertSameTree } from '../doubles/same-tree.ts';
import { done, pristine, type RunningServer, refused, satchel, serve } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot, writeStoryTree } from '../doubles/story-trees.ts';

const scratch = scratchFolder('olpc-repository');
const repository = scratch.file('repository');
const root = scratch.file('device');
let server: RunningServer;

const update = (...words: string[]) => done<UpdateResult>(['olpc-update', '--root', root, ...words]);

before(async () => {
  const { rootSha256 } = await done<{ rootSha256: string }>(['init', '--repo', repository]);
  server = await serve(repository);
  for (const version of [1, 2] as const) {
    writeStoryTree(scratch.file(`tree-${version}`), version, { withLargeFile: false });
    const words = [
      'publish',
      '--repo',
      repository,
      '--name',
      `os-${version}`,
      scratch.file(`tree-${version}`),
    ];
    await done(version === 1 ? [...words, '--notes', 'the first'] : words);
  }
  await done(['device', 'init', '--root', root, '--source', server.url, '--trust', rootSha256]);
});

after(async () => {
  await server.stop();
  scratch.remove();
});

test('without a server it asks the source of the device, and lists what that has', async () => {
  const { stdout } = await satchel(['olpc-update', '--root', root, '-l']);
  assert.equal(stdout, 'os-2\nos-1  the first\n');
});

test('it updates to a build, and says what a build brings', async () => {
  assert.equal((await update('os-1')).build, 'os-1');
  assert.equal((await satchel(['olpc-update', '--root', root, '-c', 'os-1'])).stdout, 'the first\n');
  const { stdout } = await satchel(['olpc-update', '--root', root, '-c', 'os-2']);
  assert.match(stdout, /^\* etc\/issue\n\+ etc\/new-only\n- etc\/old-only$/m);
  assert.equal((await update('os-2')).from, 'os-1');
  assertSameTree(pristine(root, 'os-2'), scratch.file('tree-2'));
  assert.equal((await update()).plan, 'none');
});

test('an older build is refused with code 4 unless it is forced', async () => {
  const refusal = await refused(['olpc-update', '--root', root, 'os-1']);
  assert.deepEqual([refusal.exitCode, refusal.code], [4, 'olpc-older']);
  assert.equal((await update('-f', 'os-1')).plan, 'switch');
  assert.equal((await update('os-2')).plan, 'switch');
});

test('-f repairs the build that boots', async () => {
  appendFileSync(`${pristine(root, 'os-2')}/etc/issue`, 'damage');
  const { stdout } = await satchel(['olpc-update', '--root', root, '-f', 'os-2']);
  assert.match(stdout, /^In os-2 damaged, and right again: etc\/issue$/m);
  assert.equal(readFileSync(`${pristine(root, 'os-2')}/etc/issue`, 'utf8'), 'release 2\n');
});

test('a repository on a drive is one more source', async () => {
  cpSync(repository, `${root}/media/stick`, { recursive: true });
  const { plan } = await update('-f', '--usb');
  assert.equal(plan, 'none');
  writeFileSync(`${root}/media/contents`, '');
  assert.equal((await refused(['olpc-update', '--root', root, '--usb'])).code, 'usb-several');
});

test('the rsync daemon of `satchel serve` is a server of the old kind', {
  skip: !isRoot && 'needs root',
}, async (context) => {
  const service = await serve(repository, { words: ['--rsync', '127.0.0.1:0'] });
  context.after(() => service.stop());
  const rsync = service.rsync ?? assert.fail(service.log());
  const old = scratch.file('old-device');
  mkdirSync(`${old}/versions`, { recursive: true });
  assert.match((await satchel(['olpc-update', '-s', rsync, '-l'])).stdout, /^os-1 .*\nos-2/m);
  for (const version of [1, 2]) {
    const name = `os-${version}`;
    const report = await done<ClientUpdateResult>(['olpc-update', '--root', old, '-s', rsync, name]);
    assert.deepEqual([report.plan, report.checkedBy, report.rounds], ['rsync', 'manifest', 1]);
    assertSameTree(pristine(old, name), scratch.file(`tree-${version}`));
  }
});

test('--version and -h need nothing', async () => {
  assert.match((await satchel(['olpc-update', '--version'])).stdout, /^olpc-update \(satchel\) \d/);
  assert.match((await satchel(['olpc-update', '-h'])).stdout, /-s, --server SERVER/);
});
