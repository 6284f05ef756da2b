/** satchel-lite against `satchel serve --rsync`: the lists, the trees on demand, and the next publication. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { nobodyWrapper } from '../doubles/nobody.ts';
import { nobody } from '../doubles/readable-checkout.ts';
import { assertSameTree } from '../doubles/same-tree.ts';
import { type LiteShell, liteShells, startLite } from '../doubles/satchel-lite.ts';
import { done, type ProgramOptions, pristine, serve, startSatchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot, writeStoryTree } from '../doubles/story-trees.ts';

const scratch = scratchFolder('lite-served');
const repository = scratch.file('repository');
const [dash, busybox] = liteShells(scratch.path) as [LiteShell, LiteShell];
const skip = isRoot ? false : 'only root can give files their owners';

async function publish(version: 1 | 2): Promise<void> {
  const tree = scratch.file(`tree-${version}`);
  writeStoryTree(tree, version);
  rmSync(join(tree, 'names/line\nfeed'));
  await done(['publish', '--repo', repository, '--name', `os-${version}`, tree]);
}

before(async () => {
  if (!isRoot) return;
  await done(['init', '--repo', repository]);
  await publish(1);
  // The key comes later than the first build: the lists of what is there are written with it.
  await done(['keys', 'create', 'lite', '--repo', repository]);
});
after(() => scratch.remove());

/** Starts the server on free ports; the address of its rsync daemon. It ends with the test. */
async function serveRsync(
  context: TestContext,
  from: string,
  directory: string,
  options?: ProgramOptions,
): Promise<string> {
  const words = ['--rsync', '127.0.0.1:0', '--rsync-dir', directory];
  const server = await serve(from, { ...options, words });
  context.after(() => server.stop());
  return server.rsync ?? assert.fail(server.log());
}

async function lite(shell: LiteShell, root: string, ...words: string[]): Promise<string> {
  // The daemon learns of a publication a moment after it.
  const patience = { SATCHEL_LITE_ATTEMPTS: '30', SATCHEL_LITE_PAUSE: '1' };
  const { code, stdout, stderr } = await startLite(shell, [...words, '--root', root], patience).ended;
  assert.equal(code, 0, `satchel-lite ${words.join(' ')}\n${stderr}`);
  return stdout;
}

describe('satchel-lite and satchel serve', { skip }, () => {
  test('install from a server of root, and update after the next publication', async (context) => {
    const url = await serveRsync(context, repository, scratch.file('rsync'));
    const root = scratch.file('machine');
    mkdirSync(root);
    await lite(busybox, root, 'init', '--source', url, '--key', `${repository}.keys/lite.public`);
    await lite(busybox, root, 'update');
    assert.match(await lite(busybox, root, 'verify'), /^All \d+ entries of os-1 are as signed/);
    await publish(2);
    await lite(busybox, root, 'update');
    assert.match(await lite(busybox, root, 'verify'), /^All \d+ entries of os-2 are as signed/);
    const inode = (build: string) => lstatSync(join(pristine(root, build), 'etc/same')).ino;
    assert.equal(inode('os-1'), inode('os-2'));
  });

  test('install from a server without rights, whose trees have owners and devices all the same', async (context) => {
    chmodSync(scratch.path, 0o755);
    const home = scratch.file('home');
    mkdirSync(home);
    chownSync(home, nobody, nobody);
    assert.equal(spawnSync('cp', ['-a', repository, join(home, 'repo')]).status, 0);
    const url = await serveRsync(context, join(home, 'repo'), join(home, 'rsync'), {
      wrapper: nobodyWrapper(),
      environment: { HOME: home },
    });
    const root = scratch.file('machine-of-nobody');
    mkdirSync(root);
    await lite(dash, root, 'init', '--source', url, '--key', `${repository}.keys/lite.public`);
    await lite(dash, root, 'update');
    assert.match(await lite(dash, root, 'verify'), /are as signed/);
    assert.ok(lstatSync(join(pristine(root, 'os-2'), 'dev/null')).isCharacterDevice());
  });

  test('both programs follow each other on one disk', async (context) => {
    const url = await serveRsync(context, repository, scratch.file('rsync-both'));
    const root = scratch.file('machine-of-both');
    await done(['device', 'init', '--root', root, '--source', repository, '--trust-on-first-use']);
    await done(['update', '--root', root, 'os-1']);
    await lite(dash, root, 'init', '--source', url, '--key', `${repository}.keys/lite.public`);
    assert.match(await lite(dash, root, 'update'), /^os-2 is installed/);
    assert.match(await lite(dash, root, 'status'), /^way back {4}os-1$/m);
    const back = await done<{ to: string }>(['rollback', '--root', root]);
    assert.equal(back.to, 'os-1');
    const verified = await done<{ versions: readonly { build: string; damaged: readonly unknown[] }[] }>([
      'verify',
      '--root',
      root,
      'os-1',
    ]);
    assert.deepEqual(
      verified.versions.map(({ damaged }) => damaged),
      [[]],
    );
    assert.match(await lite(dash, root, 'update'), /^os-2 is installed/);
  });

  /** A machine that satchel-lite has brought to os-2, and satchel is set up on afterwards. */
  async function fromLite(context: TestContext, name: string): Promise<string> {
    const url = await serveRsync(context, repository, scratch.file(`rsync-${name}`));
    const root = scratch.file(`machine-${name}`);
    mkdirSync(root);
    await lite(busybox, root, 'init', '--source', url, '--key', `${repository}.keys/lite.public`);
    await lite(busybox, root, 'update');
    await done(['device', 'init', '--root', root, '--source', repository, '--trust-on-first-use']);
    return root;
  }

  type Status = { versions: readonly { name: string; complete: boolean }[] };
  type Verified = { versions: readonly { damaged: readonly unknown[] }[] };

  test('satchel takes over a tree that satchel-lite has made, and puts right what that could not carry', async (context) => {
    const root = await fromLite(context, 'adopted');
    const before = lstatSync(join(pristine(root, 'os-2'), 'etc/same')).ino;
    appendFileSync(join(pristine(root, 'os-2'), 'etc/hostname'), 'damaged');
    const adopted = await done<{ plan: string; damaged?: readonly string[] }>(['update', '--root', root]);
    assert.equal(adopted.plan, 'none');
    assert.ok(adopted.damaged?.includes('etc/hostname'));
    assertSameTree(pristine(root, 'os-2'), scratch.file('tree-2'));
    assert.equal(lstatSync(join(pristine(root, 'os-2'), 'etc/same')).ino, before);
    const { versions } = await done<Status>(['status', '--root', root]);
    assert.deepEqual(
      versions.map(({ name, complete }) => [name, complete]),
      [['os-2', true]],
    );
    const verified = await done<Verified>(['verify', '--full', '--root', root]);
    assert.deepEqual(verified.versions[0]?.damaged, []);
    const again = await done<{ plan: string; damaged?: readonly string[] }>(['update', '--root', root]);
    assert.deepEqual([again.plan, again.damaged], ['none', undefined]);
    assert.match(await lite(busybox, root, 'verify'), /are as signed/);
  });

  test('satchel leaves a running tree with other content alone, and records nothing', async (context) => {
    const root = await fromLite(context, 'running');
    symlinkSync('pristine/os-2', join(root, 'versions/running'));
    const file = join(pristine(root, 'os-2'), 'etc/hostname');
    appendFileSync(file, 'other');
    const before = readFileSync(file);
    const { code, stderr } = await startSatchel(['update', '--root', root, '--json']).ended;
    assert.equal(code, 1);
    assert.match(stderr, /other content under the name os-2/);
    assert.deepEqual(readFileSync(file), before);
    const { versions } = await done<Status>(['status', '--root', root]);
    assert.equal(versions[0]?.complete, false);
  });
});
