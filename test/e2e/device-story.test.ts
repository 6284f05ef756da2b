/** The life of a device: from its first install through updates, going back and repairs, over HTTP and from a stick. */
import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { UpdatePlan } from '../../src/device/plan-update.ts';
import type { DeviceStatus } from '../../src/device/status.ts';
import type { UpdateResult } from '../../src/device/update.ts';
import { assertSameTree, snapshotOf } from '../doubles/same-tree.ts';
import {
  done,
  doneWith,
  pristine,
  type RunningServer,
  refused,
  satchel,
  serve,
} from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot, writeStoryTree } from '../doubles/story-trees.ts';

type Verified = {
  readonly versions: readonly { build: string; damaged: readonly { path: string; reason: string }[] }[];
};

const scratch = scratchFolder('device-story');
const repository = scratch.file('repository');
const device = scratch.file('device');
const trees = [1, 2, 3].map((version) => scratch.file(`tree-${version}`)) as [string, string, string];
let server: RunningServer;
let rootHash = '';

const onDevice = (...words: string[]) => [...words, '--root', device];
const status = () => done<DeviceStatus>(onDevice('status'));
const names = ({ versions }: DeviceStatus) => versions.map(({ name }) => name as string);

/** Publishes a version, which from then on is the head of `stable`. */
async function publish(version: 1 | 2 | 3): Promise<void> {
  const [name, tree] = [`os-${version}`, trees[version - 1] as string];
  writeStoryTree(tree, version);
  await done(['publish', '--repo', repository, '--name', name, tree]);
}

/** A device of its own beside the one of the story, with version 1 on it. */
async function furtherDevice(name: string, ...updates: string[]): Promise<string> {
  const root = scratch.file(name);
  await done(['device', 'init', '--root', root, '--source', server.url, '--trust', rootHash]);
  for (const build of updates) await done(['update', '--root', root, build]);
  return root;
}

before(async () => {
  const { rootSha256 } = await done<{ rootSha256: string }>(['init', '--repo', repository]);
  rootHash = rootSha256;
  server = await serve(repository);
  await publish(1);
});

after(async () => {
  await server.stop();
  scratch.remove();
});

describe('a device decides whom it trusts', () => {
  test('without a word about trust it is refused with code 4, and nothing is made', async () => {
    const root = scratch.file('undecided');
    const refusal = await refused(['device', 'init', '--root', root, '--source', server.url]);
    assert.deepEqual([refusal.exitCode, refusal.code], [4, 'trust-not-decided']);
    assert.throws(() => readFileSync(root), { code: 'ENOENT' });
  });

  test('a hash that is not of this repository is refused with code 4', async () => {
    const root = scratch.file('mistaken');
    const words = ['device', 'init', '--root', root, '--source', server.url, '--trust', 'ab'.repeat(32)];
    const refusal = await refused(words);
    assert.deepEqual([refusal.exitCode, refusal.code], [4, 'root-not-found']);
    assert.throws(() => readFileSync(root), { code: 'ENOENT' });
  });

  test('the root file itself is as good as its hash', async () => {
    const file = `${repository}/metadata/1.root.json`;
    const root = scratch.file('by-file');
    const words = ['device', 'init', '--root', root, '--source', server.url, '--trust', file];
    assert.equal((await done(words)).rootSha256, rootHash);
  });

  test('trust on first use shows the hash for comparison', async () => {
    const root = scratch.file('first-use');
    const words = ['device', 'init', '--root', root, '--source', server.url, '--trust-on-first-use'];
    const { code, stdout } = await satchel(words);
    assert.equal(code, 0);
    assert.ok(stdout.includes(rootHash), stdout);
    const other = scratch.file('other-repository');
    await done(['init', '--repo', other]);
    const again = ['device', 'init', '--root', root, '--source', other, '--trust-on-first-use'];
    const refusal = await refused(again);
    assert.deepEqual([refusal.exitCode, refusal.code], [4, 'trust-already-pinned']);
  });

  test('what is no device yet is told how to become one, with code 3', async () => {
    const refusal = await refused(['update', '--root', scratch.file('nothing')]);
    assert.deepEqual([refusal.exitCode, refusal.code], [3, 'device-not-initialised']);
  });
});

describe('the story of one device', () => {
  test('the first install brings exactly the published tree', async () => {
    await done(onDevice('device', 'init', '--source', server.url, '--trust', rootHash));
    assert.equal((await done(onDevice('check'))).available, true);
    const report = await done<UpdateResult>(onDevice('update'));
    assert.deepEqual([report.build, report.from, report.rebootNeeded], ['os-1', null, true]);
    assert.notEqual(report.plan, 'none');
    assert.ok(report.bytesReceived > 3e6 && report.requests > 2 && report.seconds > 0);
    assertSameTree(pristine(device, 'os-1'), trees[0]);
  });

  test('with nothing to do there is nothing to plan either, and it costs 3 requests and 5 kB at most', async () => {
    assert.equal((await done(onDevice('check'))).available, false);
    assert.equal((await done<UpdatePlan>(onDevice('plan'))).plan, 'none');
    const report = await done<UpdateResult>(onDevice('update'));
    assert.equal(report.plan, 'none');
    assert.ok(report.requests <= 3, `${report.requests} requests`);
    assert.ok(report.bytesReceived <= 5000, `${report.bytesReceived} bytes`);
  });

  test('a plan prices the update and moves nothing', async () => {
    await publish(2);
    const plan = await done<UpdatePlan>(onDevice('plan'));
    assert.deepEqual([plan.build, plan.from], ['os-2', 'os-1']);
    const chosen = plan.ways.find(({ kind }) => kind === plan.plan);
    assert.ok(chosen !== undefined && chosen.bytes < 2e6, JSON.stringify(plan.ways));
    assert.ok(plan.links > 50 && plan.copies > 0 && plan.fetched > 0 && plan.metadataOnlyFiles >= 3);
    assert.equal((await done<UpdatePlan>(onDevice('update', '--dry-run'))).plan, plan.plan);
    assert.deepEqual(names(await status()), ['os-1']);
  });

  test('a budget that is too small is refused with code 4, and nothing has moved', async () => {
    const refusal = await refused(onDevice('update', '--max-bytes', '1kB'));
    assert.deepEqual([refusal.exitCode, refusal.code], [4, 'plan-over-budget']);
    assert.deepEqual(names(await status()), ['os-1']);
  });

  test('an update brings exactly the new tree, and the old one is untouched to the inode', async () => {
    const old = snapshotOf(pristine(device, 'os-1'));
    const plan = await done<UpdatePlan>(onDevice('plan'));
    const report = await done<UpdateResult>(onDevice('update'));
    assert.deepEqual([report.build, report.from, report.rebootNeeded], ['os-2', 'os-1', true]);
    const chosen = plan.ways.find(({ kind }) => kind === report.plan);
    assert.ok(report.bytesReceived < (chosen?.bytes ?? 0) * 1.1 + 20_000, `${report.bytesReceived} bytes`);
    assertSameTree(pristine(device, 'os-2'), trees[1]);
    assert.deepEqual(snapshotOf(pristine(device, 'os-1')), old);
    const { nextBoot, previous, lastUpdate, pending, spoolBytes } = await status();
    assert.deepEqual([nextBoot, previous, lastUpdate?.result], ['os-2', 'os-1', 'done']);
    assert.deepEqual([pending, spoolBytes], [undefined, 0]);
  });

  test('unchanged files are one inode in both versions, and files that differ in anything are two', () => {
    const [first, second] = ['os-1', 'os-2'].map((name) =>
      snapshotOf(pristine(device, name)).inodes.map((line) => line.split(' ')),
    ) as [string[][], string[][]];
    const inodes = new Map(first.map(([path, inode]) => [path, inode]));
    const shared = second.filter(([path, inode]) => inodes.get(path) === inode).map(([path]) => path ?? '');
    assert.ok(
      shared.includes('/etc/same') && shared.includes('/groups/same-b') && shared.includes('/run/fifo'),
    );
    // Without root the trees do not differ in what only root can set.
    const different = isRoot
      ? /^\/changes\/|splits|joins|grows/
      : /only-(time|mode|attribute)|splits|joins|grows/;
    const apart = shared.filter((path) => different.test(path));
    assert.deepEqual(apart, []);
  });

  test('going back and forth again only switches', async () => {
    const back = await done(onDevice('rollback'));
    assert.deepEqual([back.from, back.to], ['os-2', 'os-1']);
    assert.deepEqual([(await status()).nextBoot, (await status()).previous], ['os-1', 'os-2']);
    const again = await done<UpdateResult>(onDevice('update'));
    assert.deepEqual([again.plan, again.build, again.from], ['switch', 'os-2', 'os-1']);
    assert.ok(again.bytesReceived <= 5000);
  });

  test('the third version makes the oldest go', async () => {
    await publish(3);
    const report = await done<UpdateResult>(onDevice('update'));
    assert.deepEqual([report.build, report.from], ['os-3', 'os-2']);
    assertSameTree(pristine(device, 'os-3'), trees[2]);
    assertSameTree(pristine(device, 'os-2'), trees[1]);
    assert.deepEqual(names(await status()), ['os-2', 'os-3']);
  });

  test('a build is installed by its name too, and one that is not there is code 3', async () => {
    const report = await done<UpdateResult>(onDevice('update', 'os-1'));
    assert.deepEqual([report.build, report.from], ['os-1', 'os-3']);
    assertSameTree(pristine(device, 'os-1'), trees[0]);
    assert.deepEqual(names(await status()), ['os-1', 'os-3']);
    const refusal = await refused(onDevice('update', 'os-9'));
    assert.deepEqual([refusal.exitCode, refusal.code], [3, 'build-not-found']);
  });

  test('verifying finds nothing to complain of', async () => {
    for (const words of [['verify'], ['verify', '--full'], ['verify', '--all', '--full']]) {
      const { versions } = await done<Verified>(onDevice(...words));
      assert.equal(versions.length, words.includes('--all') ? 2 : 1);
      assert.deepEqual(
        versions.flatMap(({ damaged }) => damaged),
        [],
      );
    }
  });

  test('repairing puts right what verifying found, and fetches only that', async () => {
    const tree = pristine(device, 'os-1');
    appendFileSync(`${tree}/etc/hostname`, 'x');
    rmSync(`${tree}/etc/same`);
    chmodSync(`${tree}/etc/issue`, 0o666);
    writeFileSync(`${tree}/etc/intruder`, 'x');
    const { code, stdout } = await satchel(onDevice('verify', '--json'));
    const [found] = (JSON.parse(stdout) as Verified).versions;
    const reasons = Object.fromEntries(found?.damaged.map(({ path, reason }) => [path, reason]) ?? []);
    assert.equal(code, 1);
    assert.deepEqual(
      Object.keys(reasons)
        .filter((path) => path !== 'etc')
        .sort(),
      ['etc/hostname', 'etc/intruder', 'etc/issue', 'etc/same'],
    );
    const { bytesReceived } = await done<{ bytesReceived: number }>(onDevice('repair'));
    // Small files share frames of 1 MiB: one of the two and a half that a first install reads.
    assert.ok(bytesReceived < 1_200_000, `${bytesReceived} bytes`);
    assertSameTree(tree, trees[0]);
    assert.equal((await satchel(onDevice('verify', '--full'))).code, 0);
  });
});

describe('versions that stay and go', () => {
  test('a sticky version is never purged, and purging takes what nothing needs', async () => {
    const root = await furtherDevice('sticky', 'os-1');
    mkdirSync(`${root}/versions/sticky/os-1`, { recursive: true });
    for (const build of ['os-2', 'os-3']) await done(['update', '--root', root, build]);
    const held = await done<DeviceStatus>(['status', '--root', root]);
    assert.deepEqual(names(held), ['os-1', 'os-2', 'os-3']);
    assert.deepEqual(
      held.versions.map(({ sticky }) => sticky),
      [true, false, false],
    );
    rmSync(`${root}/versions/sticky/os-1`, { recursive: true });
    assert.deepEqual((await done(['purge', '--root', root, '--dry-run'])).removed, ['os-1']);
    assert.deepEqual((await done(['purge', '--root', root])).removed, ['os-1']);
    assert.deepEqual((await done(['purge', '--root', root])).removed, []);
    assertSameTree(pristine(root, 'os-3'), trees[2]);
    assertSameTree(pristine(root, 'os-2'), trees[1]);
  });

  test('--reclaim gives up the way back first, and says so', async () => {
    const root = await furtherDevice('reclaim', 'os-1', 'os-2');
    const { stderr } = await doneWith(['update', '--root', root, '--reclaim']);
    assert.match(stderr, /os-1/);
    const { versions, nextBoot, previous } = await done<DeviceStatus>(['status', '--root', root]);
    assert.deepEqual(
      versions.map(({ name }) => name),
      ['os-2', 'os-3'],
    );
    assert.deepEqual([nextBoot, previous], ['os-3', 'os-2']);
    assertSameTree(pristine(root, 'os-3'), trees[2]);
  });

  test('there is no way back from the first version: code 3', async () => {
    const root = await furtherDevice('only-one', 'os-1');
    const refusal = await refused(['rollback', '--root', root]);
    assert.deepEqual([refusal.exitCode, refusal.code], [3, 'rollback-nothing']);
  });
});

describe('a device that was there before Satchel', () => {
  test('is updated from the version that it boots, and can go back to it', async () => {
    const root = await furtherDevice('legacy');
    const versions = `${root}/versions`;
    writeStoryTree(`${versions}/pristine/build-5`, 1);
    mkdirSync(`${versions}/configs/build-5`);
    symlinkSync('/versions/pristine/build-5', `${versions}/configs/build-5/current`);
    symlinkSync('configs/build-5', `${versions}/boot`);
    const old = snapshotOf(pristine(root, 'build-5'));
    const report = await done<UpdateResult>(['update', '--root', root]);
    assert.deepEqual([report.build, report.from], ['os-3', 'build-5']);
    assertSameTree(pristine(root, 'os-3'), trees[2]);
    assert.deepEqual(snapshotOf(pristine(root, 'build-5')), old);
    assert.equal((await done(['rollback', '--root', root])).to, 'build-5');
  });
});

describe('where a device gets it from', () => {
  test('a stick serves as well as a server: the first install from file:, then an update', async () => {
    const stick = scratch.file('stick');
    cpSync(repository, stick, { recursive: true });
    const source = pathToFileURL(stick).href;
    const root = scratch.file('from-stick');
    await done(['device', 'init', '--root', root, '--source', source, '--trust', rootHash]);
    await done(['update', '--root', root, 'os-1']);
    const report = await done<UpdateResult>(['update', '--root', root]);
    assert.deepEqual([report.build, report.bytesReceived], ['os-3', 0]);
    assertSameTree(pristine(root, 'os-3'), trees[2]);
    assert.equal((await done<DeviceStatus>(['status', '--root', root])).source, source);
  });

  test('--source is for one command and does not change where the device looks', async () => {
    const root = await furtherDevice('once');
    await done(['update', '--root', root, '--source', repository, 'os-1']);
    assert.equal((await done<DeviceStatus>(['status', '--root', root])).source, server.url);
  });

  test('another stream has another head, and the stream file of the laptop decides', async () => {
    const words = ['publish', '--repo', repository, '--name', 'os-2', '--stream', 'testing', trees[1]];
    assert.equal((await done(words)).alreadyPublished, true);
    const root = await furtherDevice('streams');
    const testing = await done<UpdateResult>(['check', '--root', root, '--stream', 'testing']);
    assert.deepEqual([testing.build, testing.stream], ['os-2', 'testing']);
    writeFileSync(`${root}/security/update-stream`, 'testing\n');
    assert.equal((await done<UpdateResult>(['update', '--root', root])).build, 'os-2');
    writeFileSync(`${root}/security/update-stream`, 'none\n');
    const off = await refused(['update', '--root', root]);
    assert.deepEqual([off.exitCode, off.code], [4, 'updates-switched-off']);
    const { stream, streamSaidBy } = await done<DeviceStatus>(['status', '--root', root]);
    assert.deepEqual([stream, streamSaidBy], ['none', `${root}/security/update-stream`]);
    assert.equal((await done<UpdateResult>(['update', '--root', root, 'os-1'])).build, 'os-1');
    const missing = await refused(['update', '--root', root, '--stream', 'nightly']);
    assert.deepEqual([missing.exitCode, missing.code], [3, 'stream-not-found']);
  });
});

describe('how it is called', () => {
  test('SATCHEL_ROOT and SATCHEL_SOURCE stand in for the options, SATCHEL_REPO at the origin', async () => {
    const root = scratch.file('by-variables');
    const environment = { SATCHEL_ROOT: root, SATCHEL_SOURCE: server.url, SATCHEL_REPO: repository };
    await done(['device', 'init', '--trust', rootHash], { environment });
    assert.equal((await done<UpdateResult>(['update', 'os-1'], { environment })).build, 'os-1');
    assert.equal((await done<DeviceStatus>(['status'], { environment })).root, root);
    assert.equal((await done<{ builds: unknown[] }>(['list'], { environment })).builds.length, 3);
  });

  test('words that are off are code 2', async () => {
    for (const words of [
      ['update', '--rot', device],
      ['update'],
      onDevice('update', '../os-1'),
      onDevice('update', '--max-bytes', 'much'),
      onDevice('update', 'os-1', 'os-2'),
    ])
      assert.equal((await refused(words)).exitCode, 2, words.join(' '));
  });

  test('the sentences are Spanish where the machine is', async () => {
    const environment = { SATCHEL_LANG: '', LC_ALL: '', LANG: 'es_PY.UTF-8' };
    const current = await satchel(onDevice('status'), { environment });
    assert.match(current.stdout, /Última actualización/);
    const { code, stderr } = await satchel(onDevice('update', 'os-9'), { environment });
    assert.equal(code, 3);
    assert.match(stderr, /No hay una versión «os-9»/);
  });

  test('a server that is gone is one sentence and code 1, and the device is as it was', async () => {
    const source = 'http://127.0.0.1:1';
    const root = await furtherDevice('alone', 'os-1');
    const old = snapshotOf(pristine(root, 'os-1'));
    const refusal = await refused(['update', '--root', root, '--source', source]);
    assert.equal(refusal.exitCode, 1);
    assert.match(refusal.message, /127\.0\.0\.1:1/);
    assert.deepEqual(snapshotOf(pristine(root, 'os-1')), old);
  });
});
