import assert from 'node:assert/strict';
import {
  chmodSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { byteStringFromText } from '../base/byte-string.ts';
import { isSatchelError } from '../base/errors.ts';
import { silentReporter } from '../base/progress.ts';
import type { FileEntry } from '../build/entry.ts';
import { setXattr } from '../os/system-calls.ts';
import { emptyDevice, type InstalledFixture, installVersion } from './device.fixture.ts';
import type { DeviceLayout } from './layout.ts';
import { restoreEntries } from './repair.ts';
import { planRepair } from './repair-plan.ts';
import { verifyTree } from './verify.ts';

type Given = InstalledFixture & { layout: DeviceLayout };

async function installed(context: TestContext): Promise<Given> {
  const layout = emptyDevice(context);
  const version = await installVersion(layout, 'one', {
    bin: { directory: true },
    'bin/first': { content: 'shared', mode: 0o4755, time: [1_600_000_000, 1] },
    'bin/second': { link: 'bin/first' },
    'etc/deep/file': 'deep',
    etc: { directory: true },
    'etc/deep': { directory: true, mode: 0o555 },
    'etc/link': { symlink: 'deep' },
    'etc/pipe': { fifo: true },
    'etc/noted': { content: 'noted', xattrs: { 'user.note': 'x' } },
    large: { content: Buffer.alloc(2 * 1024 * 1024, 'large') },
    'zz-third': { link: 'bin/first' },
  });
  return { ...version, layout };
}

/** Verifies in full, repairs, and checks that the tree is right afterwards; what had to be fetched. */
async function repair(given: Given): Promise<string[]> {
  const { layout, name, tree, entries, contents } = given;
  const verify = () => verifyTree({ layout, name, full: true, reporter: silentReporter });
  const { damaged } = await verify();
  assert.notDeepEqual(damaged, []);
  const plan = planRepair(tree, entries, damaged);
  const fetched: string[] = [];
  const content = (entry: FileEntry) => {
    fetched.push(entry.path);
    return [contents.get(entry.path)!];
  };
  await restoreEntries({ ...given, plan, content, reporter: silentReporter });
  assert.deepEqual(
    fetched,
    plan.fetch.map(({ path }) => path),
  );
  assert.deepEqual((await verify()).damaged, []);
  const quick = await verifyTree({ layout, name, full: false, reporter: silentReporter });
  assert.deepEqual([quick.damaged, quick.filesRead], [[], 0], 'the ledger is right too');
  assert.deepEqual(readdirSync(layout.stage), []);
  return fetched;
}

test('a file with other content is fetched', async (context) => {
  const given = await installed(context);
  writeFileSync(join(given.tree, 'etc/noted'), 'changed');
  assert.deepEqual(await repair(given), ['etc/noted']);
});

test('a file with right content is repaired without fetching', async (context) => {
  const given = await installed(context);
  chmodSync(join(given.tree, 'etc/noted'), 0o666);
  chmodSync(join(given.tree, 'large'), 0o600);
  setXattr(join(given.tree, 'etc/deep/file'), byteStringFromText('user.more'), byteStringFromText('y'));
  assert.deepEqual(await repair(given), []);
});

test('a lost name takes its content from another name of the inode', async (context) => {
  const given = await installed(context);
  rmSync(join(given.tree, 'bin/first'));
  assert.deepEqual(await repair(given), []);
  assert.equal(lstatSync(join(given.tree, 'bin/first')).ino, lstatSync(join(given.tree, 'zz-third')).ino);
});

test('a further name that became a file of its own is linked again', async (context) => {
  const given = await installed(context);
  rmSync(join(given.tree, 'bin/second'));
  writeFileSync(join(given.tree, 'bin/second'), 'shared');
  const before = lstatSync(join(given.tree, 'bin/first')).ino;
  assert.deepEqual(await repair(given), []);
  assert.equal(lstatSync(join(given.tree, 'bin/second')).ino, before);
});

test('an inode that another version shares is not changed, and all names here move to the new one', async (context) => {
  const given = await installed(context);
  const shared = join(given.layout.pristine, 'shared-with-another');
  linkSync(join(given.tree, 'bin/first'), shared);
  writeFileSync(shared, 'damage');
  const damagedStat = lstatSync(shared, { bigint: true });
  assert.deepEqual(await repair(given), ['bin/first']);
  const after = lstatSync(shared, { bigint: true });
  assert.deepEqual(
    [after.ino, after.mode, after.mtimeNs, after.nlink, readFileSync(shared, 'utf8')],
    [damagedStat.ino, damagedStat.mode, damagedStat.mtimeNs, 1n, 'damage'],
  );
  const inodes = ['bin/first', 'bin/second', 'zz-third'].map((path) => lstatSync(join(given.tree, path)).ino);
  assert.equal(new Set(inodes).size, 1);
});

test('extra paths go, and the times of their folders are right again', async (context) => {
  const given = await installed(context);
  mkdirSync(join(given.tree, 'etc/extra/below'), { recursive: true });
  writeFileSync(Buffer.concat([Buffer.from(`${given.tree}/bin/`), Buffer.from([0xff])]), '');
  assert.deepEqual(await repair(given), []);
});

test('missing folders, links and fifos come back with what was in them', async (context) => {
  const given = await installed(context);
  chmodSync(join(given.tree, 'etc/deep'), 0o755);
  rmSync(join(given.tree, 'etc'), { recursive: true });
  assert.deepEqual(await repair(given), ['etc/deep/file', 'etc/noted']);
});

test('whatever stands where something else belongs is replaced', async (context) => {
  const given = await installed(context);
  rmSync(join(given.tree, 'etc/noted'));
  mkdirSync(join(given.tree, 'etc/noted/below'), { recursive: true });
  rmSync(join(given.tree, 'etc/link'));
  writeFileSync(join(given.tree, 'etc/link'), '');
  renameSync(join(given.tree, 'bin'), join(given.layout.root, 'outside'));
  symlinkSync(join(given.layout.root, 'outside'), join(given.tree, 'bin'));
  assert.deepEqual(await repair(given), ['etc/noted']);
  assert.equal(
    readFileSync(join(given.layout.root, 'outside/first'), 'utf8'),
    'shared',
    'outside is not touched',
  );
});

test('two equal files that somebody linked are parted', async (context) => {
  const layout = emptyDevice(context);
  const given = { ...(await installVersion(layout, 'one', { a: 'equal', b: 'equal' })), layout };
  rmSync(join(given.tree, 'b'));
  linkSync(join(given.tree, 'a'), join(given.tree, 'b'));
  lutimesSync(given.tree, 1_193_961_600, 1_193_961_600);
  assert.deepEqual(await repair(given), []);
  assert.notEqual(lstatSync(join(given.tree, 'a')).ino, lstatSync(join(given.tree, 'b')).ino);
});

for (const [what, wrong] of [
  ['other', 'Noted'],
  ['too little', 'not'],
  ['too much', 'noted and more'],
] as const)
  test(`${what} content than the index says is refused and the old file stays`, async (context) => {
    const given = await installed(context);
    const { layout, name, tree, entries } = given;
    writeFileSync(join(tree, 'etc/noted'), 'old');
    const { damaged } = await verifyTree({ layout, name, full: false, reporter: silentReporter });
    const plan = planRepair(tree, entries, damaged);
    await assert.rejects(
      restoreEntries({
        ...given,
        plan,
        content: () => [Buffer.from(wrong)],
        reporter: silentReporter,
      }),
      (error) => isSatchelError(error, 'restored-content-wrong'),
    );
    assert.equal(readFileSync(join(tree, 'etc/noted'), 'utf8'), 'old');
    assert.deepEqual(readdirSync(layout.stage), []);
  });
