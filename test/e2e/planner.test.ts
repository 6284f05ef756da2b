/** What an update costs, in which way it is made, and the budgets that it keeps: over HTTP, with the real program. */
import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { DeviceConfiguration } from '../../src/device/configuration.ts';
import type { PricedWay, UpdatePlan } from '../../src/device/plan-update.ts';
import type { DeviceStatus } from '../../src/device/status.ts';
import type { UpdateResult } from '../../src/device/update.ts';
import type { WayKind } from '../../src/plan/ways.ts';
import { assertSameTree, snapshotOf } from '../doubles/same-tree.ts';
import {
  done,
  doneWith,
  pristine,
  type RunningServer,
  refused,
  satchel,
  serve,
  startSatchel,
} from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { when } from '../doubles/when.ts';

const scratch = scratchFolder('planner');
const repository = scratch.file('repository');
const tree = (version: number) => scratch.file(`tree-${version}`);
let server: RunningServer;
let rootHash = '';
let devices = 0;

/** Bytes that do not compress, the same on every machine. */
function noise(length: number, seed: number): Buffer {
  const key = Buffer.alloc(16, seed);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** Each version changes a few bytes of every large file: deltas are small, objects are not. */
function writeTree(version: number): void {
  const path = (name: string) => join(tree(version), name);
  mkdirSync(path('lib'), { recursive: true });
  for (let file = 1; file <= 5; file += 1) {
    const content = noise(150_000, file);
    for (let change = 2; change <= version; change += 1)
      content.set(noise(200, 10 * change + file), 20_000 * change);
    writeFileSync(path(`lib/part-${file}`), content);
  }
  writeFileSync(path('version'), `${version}\n`);
  writeFileSync(path('kept'), 'kept\n');
  writeFileSync(path('same'), 'the same\n');
  linkSync(path('same'), path('twin'));
  symlinkSync('version', path('link'));
  for (const name of [
    'lib/part-1',
    'lib/part-2',
    'lib/part-3',
    'lib/part-4',
    'lib/part-5',
    'same',
    'version',
  ])
    utimesSync(path(name), 1_194_004_800, 1_194_004_800);
}

/** A device that has installed version 1 from the server, or nothing. */
async function newDevice(installed = true): Promise<string> {
  devices += 1;
  const root = scratch.file(`device-${devices}`);
  await done(['device', 'init', '--root', root, '--source', server.url, '--trust', rootHash]);
  if (installed) await done(['update', '--root', root, 'os-1']);
  return root;
}

const plan = (root: string, ...more: string[]) => done<UpdatePlan>(['plan', '--root', root, ...more]);
const update = (root: string, ...more: string[]) => done<UpdateResult>(['update', '--root', root, ...more]);
const status = (root: string) => done<DeviceStatus>(['status', '--root', root]);
const set = (root: string, ...more: string[]) =>
  done<DeviceConfiguration>(['device', 'set', '--root', root, ...more]);
const kinds = ({ ways }: UpdatePlan) => ways.map(({ kind }) => kind);
const wayOf = ({ ways }: UpdatePlan, kind: WayKind) => ways.find((way) => way.kind === kind) as PricedWay;
const own = (root: string, path: string) => join(root, 'versions/updates/satchel', path);

/** What is to come of the two deltas once their heads are here. */
async function chainBytes(root: string): Promise<number> {
  await plan(root);
  return wayOf(await plan(root), 'chain').bytes;
}

/** The file of a delta in the repository. */
async function deltaFile(from: string, to: string): Promise<string> {
  const { deltas } = await done<{ deltas: { from: string; stored: string }[] }>([
    ...['show', '--repo', repository, to],
  ]);
  return join(repository, 'deltas', `${deltas.find((delta) => delta.from === from)?.stored}.delta`);
}

before(async () => {
  rootHash = (await done<{ rootSha256: string }>(['init', '--repo', repository])).rootSha256;
  for (const version of [1, 2, 3]) {
    writeTree(version);
    await done(['publish', '--repo', repository, '--name', `os-${version}`, tree(version)]);
  }
  await done(['delta', 'create', '--repo', repository, 'os-1', 'os-2']);
  await done(['delta', 'create', '--repo', repository, 'os-2', 'os-3']);
  server = await serve(repository);
});

after(async () => {
  await server.stop();
  scratch.remove();
});

describe('satchel plan', () => {
  test('on an empty device there is one way, and its time is unknown', async () => {
    const root = await newDevice(false);
    const { ways, plan: chosen, link } = await plan(root);
    assert.deepEqual([chosen, link], ['everything', null]);
    assert.deepEqual(
      ways.map(({ kind, seconds, refusal, memory }) => [kind, seconds, refusal, memory]),
      [['everything', null, null, 0]],
    );
  });

  test('every way is priced, the delta is taken, and a dry run says the same', async () => {
    const root = await newDevice();
    const planned = await plan(root, 'os-2');
    assert.deepEqual([planned.plan, kinds(planned)], ['delta', ['delta', 'objects', 'everything']]);
    for (const { bytes, requests, disk, inodes, roundTrips, refusal } of planned.ways) {
      assert.ok(bytes > 0 && requests > 0 && disk > bytes && inodes > 0 && roundTrips > 0);
      assert.equal(refusal, null);
    }
    assert.ok(wayOf(planned, 'delta').memory > 0);
    // What the first has received costs nothing any more.
    const again = await plan(root, 'os-2');
    assert.ok(wayOf(again, 'delta').bytes < wayOf(planned, 'delta').bytes);
    const dry = await done<UpdatePlan>(['update', '--root', root, 'os-2', '--dry-run']);
    const lasting = ({ bytesReceived, requests, month, freeBytes, ...rest }: UpdatePlan) => rest;
    assert.deepEqual(lasting(dry), lasting(again));
  });

  test('after content has come, the time is what the round trips and the bytes take', async () => {
    const root = await newDevice();
    const planned = await plan(root, 'os-2');
    const { bytesPerSecond, roundTrip } = planned.link!;
    assert.ok(bytesPerSecond > 0 && roundTrip > 0 && roundTrip < 10);
    for (const { bytes, roundTrips, seconds } of planned.ways)
      assert.equal(seconds, roundTrips * roundTrip + bytes / bytesPerSecond);
    const elsewhere = await plan(root, 'os-2', '--source', repository);
    assert.deepEqual([elsewhere.link, elsewhere.month], [null, null]);
  });

  test('a transfer that was held back tells nothing of the link', async () => {
    const root = await newDevice(false);
    await update(root, 'os-1', '--limit-rate', '20MB');
    assert.equal((await plan(root, 'os-2')).link, null);
  });

  test('people read a table, in their language', async () => {
    const root = await newDevice();
    const english = await satchel(['plan', '--root', root, 'os-2']);
    assert.match(english.stdout, /^ +Way +Download +Requests +Disk +Memory +Time\n→ {2}one delta +[\d.]+ kB/);
    assert.match(english.stdout, /\n {3}what is missing +[\d.]+ kB .* — +[\d.]+ s\n {3}everything +/);
    assert.match(english.stdout, /\nTime at .*\/s and .* a round trip, as measured on this link\.\n/);
    const spanish = await satchel(['update', '--dry-run', '--root', root, 'os-3'], {
      environment: { SATCHEL_LANG: 'es' },
    });
    assert.match(spanish.stdout, /^ +Camino +Descarga +Pedidos +Disco +Memoria +Tiempo\n/);
    assert.match(
      spanish.stdout,
      /\n→ {2}dos deltas, pasando por os-2 +[\d.]+ kB.*\n {3}lo que falta .*\n {3}todo /,
    );
  });
});

describe('two deltas in a row', () => {
  test('lead to the build when that is cheapest, and leave nothing of the build between', async () => {
    const root = await newDevice();
    const snapshot = snapshotOf(pristine(root, 'os-1'));
    const planned = await plan(root);
    assert.deepEqual([planned.plan, planned.via], ['chain', 'os-2']);
    assert.deepEqual(kinds(planned), ['chain', 'objects', 'everything']);
    assert.ok(wayOf(planned, 'chain').disk > wayOf(planned, 'objects').disk, 'the tree between is priced');
    const result = await update(root);
    assert.deepEqual([result.plan, result.via, result.build], ['chain', 'os-2', 'os-3']);
    assert.ok(result.bytesReceived < wayOf(planned, 'objects').bytes / 2);
    assertSameTree(pristine(root, 'os-3'), tree(3));
    assert.deepEqual(snapshotOf(pristine(root, 'os-1')), snapshot);
    const { versions, nextBoot } = await status(root);
    assert.deepEqual([versions.map(({ name }) => name), nextBoot], [['os-1', 'os-3'], 'os-3']);
    assert.deepEqual(
      [readdirSync(own(root, 'stage')), existsSync(own(root, 'builds/os-2.json'))],
      [[], false],
    );
    await done(['verify', '--root', root, '--full', '--all']);
  });

  test('a budget that the chain keeps and nothing else does is enough', async () => {
    const root = await newDevice();
    const chain = wayOf(await plan(root), 'chain');
    const result = await update(root, '--max-bytes', String(chain.bytes));
    assert.equal(result.plan, 'chain');
  });

  test('killed while the second is applied, it goes on: nothing is fetched twice, and every byte is counted', async () => {
    const root = await newDevice();
    const bytes = await chainBytes(root);
    const before = (await status(root)).data.bytes;
    const { child, ended } = startSatchel(['update', '--root', root, '--limit-rate', '2kB']);
    await when(() => existsSync(own(root, 'stage/os-3')), ended);
    child.kill('SIGKILL');
    await ended;
    const received = (await status(root)).spoolBytes;
    const result = await update(root);
    assert.equal(result.plan, 'chain');
    assertSameTree(pristine(root, 'os-3'), tree(3));
    assert.deepEqual(readdirSync(own(root, 'stage')), []);
    const counted = (await status(root)).data.bytes - before;
    assert.ok(received > 0 && counted > bytes, `${counted} of ${bytes}`);
    assert.ok(counted < bytes + 12 * 1024, 'only metadata is read again');
  });

  test('a base that is damaged where the first delta begins makes them useless', async () => {
    const root = await newDevice();
    writeFileSync(join(pristine(root, 'os-1'), 'lib/part-1'), 'meddled');
    const { report, stderr } = await doneWith<UpdateResult>(['update', '--root', root]);
    assert.equal(report.plan, 'objects');
    assert.match(stderr, /The two deltas to os-3 by way of os-2 prove to be of no use/);
    assertSameTree(pristine(root, 'os-3'), tree(3));
  });

  test('a base that is damaged elsewhere is mended on the way: nothing is fetched for the build between', async () => {
    const root = await newDevice();
    writeFileSync(join(pristine(root, 'os-1'), 'same'), 'meddled');
    const planned = await plan(root);
    assert.deepEqual([planned.plan, planned.damaged], ['objects', ['same']]);
    const { report } = await doneWith<UpdateResult>(['update', '--root', root]);
    assert.deepEqual([report.plan, report.damaged], ['objects', ['same']]);
    assertSameTree(pristine(root, 'os-3'), tree(3));
  });

  describe('of which the first is damaged at the source', () => {
    let path = '';
    let whole: Buffer;

    before(async () => {
      path = await deltaFile('os-1', 'os-2');
      whole = readFileSync(path);
      const damaged = Buffer.from(whole);
      damaged[damaged.length - 10]! ^= 1;
      writeFileSync(path, damaged);
    });
    after(() => writeFileSync(path, whole));

    test('give way to the next cheapest way', async () => {
      const root = await newDevice();
      const { report, stderr } = await doneWith<UpdateResult>(['update', '--root', root]);
      assert.deepEqual([report.plan, report.via], ['objects', undefined]);
      assert.match(stderr, /The two deltas to os-3 by way of os-2 prove to be of no use/);
      assertSameTree(pristine(root, 'os-3'), tree(3));
      assert.deepEqual(readdirSync(own(root, 'stage')), []);
    });

    test('but only within the budget: otherwise code 4, and the device is as it was', async () => {
      const root = await newDevice();
      const snapshot = snapshotOf(pristine(root, 'os-1'));
      const { bytes } = wayOf(await plan(root), 'chain');
      const refusal = await refused(['update', '--root', root, '--max-bytes', String(3 * bytes)]);
      assert.deepEqual([refusal.exitCode, refusal.code], [4, 'plan-over-budget']);
      assert.deepEqual(snapshotOf(pristine(root, 'os-1')), snapshot);
      assert.equal((await status(root)).nextBoot, 'os-1');
    });
  });

  test('of which the second is not all there give what they have; the rest is fetched', async () => {
    const path = await deltaFile('os-2', 'os-3');
    const whole = readFileSync(path);
    const root = await newDevice();
    try {
      truncateSync(path, whole.length - 100);
      await update(root);
    } finally {
      writeFileSync(path, whole);
    }
    assertSameTree(pristine(root, 'os-3'), tree(3));
  });
});

describe('satchel device set', () => {
  test('changes what is named and keeps the rest', async () => {
    const root = await newDevice(false);
    const first = await set(root, '--monthly-bytes', '2GB', '--stream', 'stable');
    assert.deepEqual([first.source, first.stream, first.monthlyBytes], [server.url, 'stable', 2e9]);
    const second = await set(root, '--source', repository, '--monthly-bytes', 'none');
    const { href } = pathToFileURL(repository);
    assert.deepEqual([second.source, second.stream, second.monthlyBytes], [href, 'stable', null]);
  });

  test('without anything to change it is a slip, and so is another word than a size', async () => {
    const root = await newDevice(false);
    assert.equal((await refused(['device', 'set', '--root', root])).exitCode, 2);
    const words = ['device', 'set', '--root', root, '--monthly-bytes', 'much'];
    assert.equal((await refused(words)).exitCode, 2);
    const nowhere = await refused(['device', 'set', '--root', scratch.file('no'), '--monthly-bytes', '1']);
    assert.deepEqual([nowhere.exitCode, nowhere.code], [3, 'device-not-initialised']);
  });
});

describe('the monthly data budget', () => {
  const nextMonth = () => new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() + 1, 1));

  test('counts every byte of every command, and nothing from a local source', async () => {
    const root = await newDevice(false);
    const initialised = (await status(root)).data.bytes;
    assert.ok(initialised > 1000, 'the root that was fetched counts');
    const checked = await done<{ bytesReceived: number }>(['check', '--root', root]);
    const planned = await plan(root);
    const updated = await update(root, 'os-1');
    const sum = initialised + checked.bytesReceived + planned.bytesReceived + updated.bytesReceived;
    assert.equal((await status(root)).data.bytes, sum);
    await update(root, 'os-2', '--source', repository);
    assert.equal((await status(root)).data.bytes, sum);
  });

  test('refuses what does not fit with code 4, the numbers, and when the next month begins', async () => {
    const root = await newDevice();
    const left = await chainBytes(root);
    const { bytes } = (await status(root)).data;
    // Enough for what is asked first, and for the deltas without the heads of their answers.
    await set(root, '--monthly-bytes', String(bytes + 1000 + left));
    const before = snapshotOf(pristine(root, 'os-1'));
    const refusal = await refused(['update', '--root', root]);
    assert.deepEqual([refusal.exitCode, refusal.code], [4, 'plan-over-month']);
    assert.match(
      refusal.message,
      /needs [\d.]+ k?B from the source; of the [\d.]+ .B for \d{4}-\d\d \(UTC\) /,
    );
    assert.ok(refusal.hint?.includes(`begins on ${nextMonth().toISOString().slice(0, 10)}`), refusal.hint);
    assert.deepEqual(snapshotOf(pristine(root, 'os-1')), before);
    const { data } = await status(root);
    assert.ok(data.bytes <= data.budget! && data.left === data.budget! - data.bytes);
    await update(root, 'os-3', '--source', repository);
  });

  test('when it is spent not even a check goes out; what is left is shown', async () => {
    const root = await newDevice();
    await set(root, '--monthly-bytes', '1kB');
    const refusal = await refused(['check', '--root', root]);
    assert.deepEqual([refusal.exitCode, refusal.code], [4, 'data-budget-spent']);
    const before = (await status(root)).data.bytes;
    await refused(['update', '--root', root]);
    assert.equal((await status(root)).data.bytes, before);
    const { stdout } = await satchel(['status', '--root', root]);
    assert.match(stdout, /Received in \d{4}-\d\d \(UTC\): [\d.]+ kB of 1\.00 kB; 0 B are left until /);
    await set(root, '--monthly-bytes', 'none');
    await done(['check', '--root', root]);
  });
});
