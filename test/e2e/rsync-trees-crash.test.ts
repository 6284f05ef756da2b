/** The making of trees for rsync clients, ended at calls that it makes to the system: nothing half made looks ready. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildName } from '../../src/base/identifiers.ts';
import { rsyncLayout } from '../../src/rsync/layout.ts';
import { must } from '../doubles/command.ts';
import { crashesAt, forEach, pointsOf, recordCalls, runOrdered, sampleOf } from '../doubles/crash-run.ts';
import { nobody, readableCheckout } from '../doubles/readable-checkout.ts';
import { fetchTree, openTestTrees } from '../doubles/rsync-trees.ts';
import { assertSameTree, describeTree } from '../doubles/same-tree.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot } from '../doubles/story-trees.ts';
import { writeTinyBuilds } from '../doubles/tiny-builds.ts';

const program = fileURLToPath(new URL('../doubles/tree-maker.ts', import.meta.url));
const scratch = scratchFolder('rsync-crash');
const repository = scratch.file('repository');
const builds = ['b1', 'b2'].map(buildName);
/** An rsync directory with the trees of both builds, and one with the first. */
const [right, first] = [scratch.file('right'), scratch.file('first')];

before(async () => {
  const { b1, b2 } = writeTinyBuilds(scratch.path);
  await must('init', '--repo', repository);
  for (const archive of [b1, b2]) await must('publish', '--repo', repository, archive);
  for (const [directory, names] of [
    [right, builds],
    [first, builds.slice(0, 1)],
  ] as const) {
    const { trees, close } = await openTestTrees(repository, directory);
    await trees.prepare(builds);
    for (const name of names) await trees.make(name);
    await close();
  }
});
after(() => scratch.remove());

/** Fails unless every tree that looks ready is exactly right. */
function assertReadyIsRight(directory: string): void {
  const [layout, wanted] = [rsyncLayout(directory), rsyncLayout(right)];
  for (const name of builds) {
    if (!existsSync(layout.readyMark(name))) continue;
    assertSameTree(layout.moduleRoot(name), describeTree(wanted.moduleRoot(name)));
    const [manifest, wantedManifest] = [layout, wanted].map((one) => readFileSync(one.moduleContents(name)));
    assert.deepEqual(manifest, wantedManifest);
  }
}

test('a tree that looks ready is right, whenever the making was ended, and the next start makes the others', async (context) => {
  const recorded = scratch.file('recorded');
  execFileSync('cp', ['-a', first, recorded]);
  const words = (directory: string) => [repository, directory, 'b2'];
  const crashes = crashesAt(pointsOf(await recordCalls(words(recorded), recorded, program)));
  const chosen = sampleOf(crashes, { usual: 16 });
  await forEach(chosen, async (crash, number) => {
    const directory = scratch.file(`crash-${number}`);
    execFileSync('cp', ['-a', first, directory]);
    const end = await runOrdered(words(directory), { root: directory, at: crash }, program);
    assert.equal(end.signal, 'SIGKILL', `the point was not reached: ${end.code} ${end.said}`);
    try {
      assertReadyIsRight(directory);
      const { trees, layout, close } = await openTestTrees(repository, directory);
      await trees.prepare(builds);
      for (const name of builds) await trees.make(name);
      await trees.evict();
      await close();
      assertReadyIsRight(directory);
      assert.deepEqual(readdirSync(layout.readyMarks), builds);
      assert.deepEqual([...readdirSync(layout.temporary), ...readdirSync(layout.trash)], []);
    } catch (error) {
      throw new Error(`ended at ${JSON.stringify(crash)}`, { cause: error });
    }
  });
  context.diagnostic(`ended at ${chosen.length} of ${crashes.length} moments`);
});

test('a full disk ends the making with its sentence, and nothing is ready', async () => {
  const recorded = scratch.file('recorded-full');
  const directory = scratch.file('full');
  for (const path of [recorded, directory]) execFileSync('cp', ['-a', first, path]);
  const words = (path: string) => [repository, path, 'b2'];
  const calls = await recordCalls(words(recorded), recorded, program);
  const at = pointsOf(calls).findLast(({ label }) => label.startsWith('write tmp/'));
  assert.ok(at);
  const end = await runOrdered(
    words(directory),
    { root: directory, at: { ...at, fail: 'ENOSPC', forGood: true } },
    program,
  );
  assert.match(end.said, /The disk that holds .* is full/);
  assert.deepEqual(readdirSync(rsyncLayout(directory).readyMarks), ['b1']);
});

test('an ordinary user makes the same trees', {
  skip: isRoot ? false : 'every test is of an ordinary user',
}, () => {
  using checkout = readableCheckout();
  const home = scratch.file('home');
  mkdirSync(home);
  chownSync(home, nobody, nobody);
  chmodSync(scratch.path, 0o755);
  const directory = join(home, 'rsync');
  execFileSync(
    join(checkout.path, 'node_modules/.bin/node'),
    [join(checkout.path, 'test/doubles/tree-maker.ts'), repository, directory, ...builds],
    {
      uid: nobody,
      gid: nobody,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  for (const name of builds) {
    const [got, wanted] = ['got', 'wanted'].map((who) => scratch.file(`${who}-${name}`)) as [string, string];
    for (const place of [got, wanted]) mkdirSync(place);
    fetchTree(rsyncLayout(directory), name, 'root/', [`${got}/`]);
    fetchTree(rsyncLayout(right), name, 'root/', [`${wanted}/`]);
    assertSameTree(got, wanted);
  }
});
