/** Clocks that are wrong, and metadata that has run out: what goes on working, what is said, and what stops. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { UpdateResult } from '../../src/device/update.ts';
import { assertSameTree } from '../doubles/same-tree.ts';
import { done, doneWith, faketimeLibrary, pristine, refused, serve } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { when } from '../doubles/when.ts';

const scratch = scratchFolder('clock');
const repository = scratch.file('repository');
const skip = faketimeLibrary() === undefined ? 'faketime is not installed: apt-get install faketime' : false;

/** When the origin signed everything, and moments after it. Lives: timestamp 180 days, targets 1 year, root 5. */
const signed = '2026-01-01 00:00:00';
const soon = '2026-02-01 00:00:00';
const afterTimestamp = '2026-08-01 00:00:00';
const afterTargets = '2027-03-01 00:00:00';
const afterRoot = '2040-01-01 00:00:00';

let rootHash = '';

/** A tree of one file; the same tree whenever it is asked for again. */
function tree(name: string): string {
  const path = scratch.file(`tree-${name}`);
  if (existsSync(path)) return path;
  mkdirSync(`${path}/etc`, { recursive: true });
  writeFileSync(`${path}/etc/issue`, `${name}\n`);
  return path;
}

/** Publishes a small tree under a name, at a time. */
async function publish(name: string, clock: string, repo = repository): Promise<void> {
  await done(['publish', '--repo', repo, '--name', name, tree(name)], { clock });
}

/** A device that trusts the repository, made at a time. */
async function deviceAt(name: string, clock: string, source = repository): Promise<string> {
  const root = scratch.file(name);
  await done(['device', 'init', '--root', root, '--source', source, '--trust', rootHash], { clock });
  return root;
}

const update = (root: string, clock: string, ...words: string[]) =>
  doneWith<UpdateResult>(['update', '--root', root, ...words], { clock });

describe('clocks', { skip }, () => {
  before(async () => {
    const words = ['init', '--repo', repository];
    rootHash = (await done<{ rootSha256: string }>(words, { clock: signed })).rootSha256;
    await publish('os-1', signed);
  });

  after(() => scratch.remove());

  test('the program goes by the clock that the test gives it', async () => {
    const root = await deviceAt('proof', '2030-05-05 05:05:05');
    await refused(['update', '--root', root], { clock: '2030-05-05 05:05:05' });
    const { builds } = await done<{ builds: { published: string }[] }>(['list', '--repo', repository]);
    assert.match(builds[0]?.published ?? '', /^2026-01-01T00:00:/);
  });

  test('a device whose clock says 1970 is told so, and updates', async () => {
    const root = await deviceAt('in-1970', '1970-01-02 00:00:00');
    const { report, stderr } = await update(root, '1970-01-02 00:00:00');
    assert.equal(report.build, 'os-1');
    assert.match(stderr, /The clock says 1970-01-0\d.*2026-01-01/);
    assertSameTree(pristine(root, 'os-1'), tree('os-1'));
    const nothing = await update(root, '1970-01-03 00:00:00');
    assert.equal(nothing.report.plan, 'none');
    assert.ok(nothing.report.requests <= 3);
  });

  test('with a clock that is right nothing is said about it', async () => {
    const root = await deviceAt('right', soon);
    const { report, stderr } = await update(root, soon);
    assert.equal(report.build, 'os-1');
    assert.doesNotMatch(stderr, /clock|ran out/);
  });

  test('a timestamp and a snapshot that have run out are used with a warning', async () => {
    const root = await deviceAt('late', afterTimestamp);
    const { report, stderr } = await update(root, afterTimestamp);
    assert.equal(report.build, 'os-1');
    assert.match(stderr, /timestamp.*ran out on 2026-06-30/);
    assert.match(stderr, /snapshot.*ran out on 2026-06-30/);
  });

  test('targets that have run out stop the device, which keeps what it has and says what to do', async () => {
    const root = await deviceAt('later', soon);
    await update(root, soon);
    const refusal = await refused(['update', '--root', root], { clock: afterTargets });
    assert.deepEqual([refusal.exitCode, refusal.code], [1, 'role-expired']);
    assert.match(refusal.message, /ran out on 2027-01-01.*it is 2027-03-01/);
    assert.match(refusal.hint ?? '', /date of this device/);
    const { nextBoot } = await done<{ nextBoot: string }>(['status', '--root', root], {
      clock: afterTargets,
    });
    assert.equal(nextBoot, 'os-1');
    await done(['verify', '--root', root, '--full'], { clock: afterTargets });
  });

  test('a root that has run out, or a clock in 2040, stops the device until the clock is set', async () => {
    const root = await deviceAt('in-2040', soon);
    const refusal = await refused(['update', '--root', root], { clock: afterRoot });
    assert.deepEqual([refusal.exitCode, refusal.code], [1, 'root-expired']);
    assert.match(refusal.message, /2030-12-31.*it is 2040-01-01/);
    assert.equal((await update(root, soon)).report.build, 'os-1');
  });

  test('what a device has seen is its floor: setting the clock back does not bring old metadata to life', async () => {
    const copy = scratch.file('floor-repository');
    cpSync(repository, copy, { recursive: true });
    cpSync(`${repository}.keys`, `${copy}.keys`, { recursive: true });
    const root = await deviceAt('floor', soon, copy);
    await publish('os-2', '2026-11-01 00:00:00', copy);
    await update(root, '2026-11-02 00:00:00');
    const { stderr } = await update(root, soon);
    assert.match(stderr, /The clock says 2026-02-01.*2026-11-01/);
  });

  test('metadata that has been rolled back is refused, and files from the same source are still used', async () => {
    const origin = scratch.file('origin');
    cpSync(repository, origin, { recursive: true });
    cpSync(`${repository}.keys`, `${origin}.keys`, { recursive: true });
    await publish('os-2', soon, origin);
    const stick = scratch.file('stick');
    cpSync(origin, stick, { recursive: true });
    const root = await deviceAt('rolled-back', soon, origin);
    await update(root, soon, 'os-1');
    // The origin goes on: its metadata is newer than that of the stick, its files are the same.
    await done(['publish', '--repo', origin, '--name', 'os-2', '--stream', 'testing', tree('os-2')], {
      clock: soon,
    });
    await done(['check', '--root', root], { clock: soon });
    const { report, stderr } = await update(root, soon, '--source', stick);
    assert.equal(report.build, 'os-2');
    assert.match(stderr, /older metadata/);
    assertSameTree(pristine(root, 'os-2'), tree('os-2'));
    // A stick that is older still cannot bring the device back to what it offers.
    const old = await update(root, soon, '--source', repository);
    assert.deepEqual([old.report.build, old.report.plan], ['os-2', 'none']);
  });

  test('an origin whose clock said 2099 locks nobody out', async () => {
    const origin = scratch.file('future');
    cpSync(repository, origin, { recursive: true });
    cpSync(`${repository}.keys`, `${origin}.keys`, { recursive: true });
    const root = await deviceAt('from-the-future', soon, origin);
    await update(root, soon);
    await publish('os-2099', '2099-01-01 00:00:00', origin);
    const during = await update(root, soon);
    assert.equal(during.report.build, 'os-2099');
    // The clock of the origin is set right, and it goes on publishing.
    await publish('os-3', soon, origin);
    const afterwards = await update(root, '2026-02-02 00:00:00');
    assert.equal(afterwards.report.build, 'os-3');
    assertSameTree(pristine(root, 'os-3'), tree('os-3'));
    const fresh = await deviceAt('new-after-2099', '2026-02-03 00:00:00', origin);
    assert.equal((await update(fresh, '2026-02-03 00:00:00')).report.build, 'os-3');
    const later = await update(root, '2026-06-01 00:00:00');
    assert.equal(later.report.plan, 'none');
  });

  test('the server signs its online metadata again before half of its life is over', async () => {
    const origin = scratch.file('renewed');
    cpSync(repository, origin, { recursive: true });
    cpSync(`${repository}.keys`, `${origin}.keys`, { recursive: true });
    const versionOf = () =>
      JSON.parse(readFileSync(`${origin}/metadata/timestamp.json`, 'utf8')).signed.version as number;
    const before = versionOf();
    const early = await serve(origin, { clock: soon });
    const root = await deviceAt('follower', soon, early.url);
    await early.stop();
    assert.equal(versionOf(), before, 'a month later nothing is due');
    const server = await serve(origin, { clock: afterTimestamp });
    try {
      await when(() => versionOf() > before);
      const { stderr } = await doneWith(['update', '--root', root, '--source', server.url], {
        clock: afterTimestamp,
      });
      assert.doesNotMatch(stderr, /ran out/);
    } finally {
      await server.stop();
    }
  });
});
