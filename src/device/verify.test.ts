import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { byteStringFromText } from '../base/byte-string.ts';
import { isSatchelError } from '../base/errors.ts';
import { buildName } from '../base/identifiers.ts';
import { silentReporter } from '../base/progress.ts';
import { setXattr } from '../os/system-calls.ts';
import { emptyDevice, type InstalledFixture, installVersion, type PathSpec } from './device.fixture.ts';
import { type DeviceLayout, indexFile, ledgerFile } from './layout.ts';
import { verifyTree } from './verify.ts';

const isRoot = process.geteuid?.() === 0;
const paths: Record<string, PathSpec> = {
  bin: { directory: true },
  'bin/sh': { content: 'shell', mode: 0o755, time: [1_600_000_000, 123_456_789] },
  'bin/su': { content: 'switch user', mode: 0o4755 },
  'bin/sudo': { link: 'bin/su' },
  etc: { directory: true },
  'etc/empty': '',
  'etc/hosts': { content: 'hosts', xattrs: { 'user.note': 'here' } },
  'etc/link': { symlink: 'hosts' },
  'etc/pipe': { fifo: true },
  'etc-more': 'sorts between',
  large: { content: Buffer.alloc(3 * 1024 * 1024, 'large') },
};

type Given = InstalledFixture & { layout: DeviceLayout };

async function installed(context: TestContext): Promise<Given> {
  const layout = emptyDevice(context);
  return { ...(await installVersion(layout, 'one', paths)), layout };
}

function verify({ layout, name }: Given, full = false) {
  return verifyTree({ layout, name, full, reporter: silentReporter });
}

async function damage(given: Given, full = false): Promise<string[]> {
  const { damaged } = await verify(given, full);
  return damaged.map(({ path, reason }) => `${path}: ${reason}`);
}

/** Changes a file and gives it back the times that it had. */
function changeSecretly(path: string, content: string): void {
  const { atime, mtimeMs } = lstatSync(path);
  writeFileSync(path, content);
  utimesSync(path, atime, mtimeMs / 1000);
}

test('a version as it was installed is right, and the quick way reads nothing', async (context) => {
  const given = await installed(context);
  assert.deepEqual(await verify(given), {
    name: 'one',
    full: false,
    damaged: [],
    entries: given.entries.length,
    filesRead: 0,
    bytesRead: 0,
    unread: [],
  });
});

test('the full way reads every file once', async (context) => {
  const given = await installed(context);
  const { damaged, filesRead, bytesRead } = await verify(given, true);
  assert.deepEqual(damaged, []);
  assert.equal(filesRead, 6);
  assert.equal(
    bytesRead,
    [...given.contents.values()].reduce((sum, content) => sum + content.length, 0),
  );
});

test('without a ledger every file is read, and the next time none', async (context) => {
  const given = await installed(context);
  rmSync(ledgerFile(given.layout, given.name));
  assert.equal((await verify(given)).filesRead, 6);
  assert.equal((await verify(given)).filesRead, 0);
});

test('a damaged ledger counts as none', async (context) => {
  const given = await installed(context);
  const path = ledgerFile(given.layout, given.name);
  const bytes = readFileSync(path);
  bytes[100] = bytes[100]! ^ 1;
  writeFileSync(path, bytes);
  const result = await verify(given);
  assert.deepEqual([result.damaged, result.filesRead], [[], 6]);
});

test('changed content with a new time is found the quick way', async (context) => {
  const given = await installed(context);
  writeFileSync(join(given.tree, 'bin/sh'), 'SHELL');
  assert.deepEqual(await damage(given), ['bin/sh: time']);
});

test('changed content under the old time, size and inode is found the full way only', async (context) => {
  const given = await installed(context);
  changeSecretly(join(given.tree, 'etc/hosts'), 'HOSTS');
  lutimesSync(join(given.tree, 'etc/hosts'), 1_193_961_600, 1_193_961_600);
  assert.deepEqual(await damage(given), []);
  assert.deepEqual(await damage(given, true), ['etc/hosts: content']);
  assert.deepEqual(await damage(given), ['etc/hosts: content'], 'what was found once stays known');
});

test('a changed byte in a file of several pieces is found the full way', async (context) => {
  const given = await installed(context);
  const path = join(given.tree, 'large');
  const bytes = readFileSync(path);
  bytes[2_500_000] = 0;
  changeSecretly(path, bytes.toString('latin1'));
  assert.deepEqual(await damage(given, true), ['large: content']);
});

test('a file that was replaced by an equal one is read once and then known', async (context) => {
  const given = await installed(context);
  writeFileSync(join(given.tree, 'fresh'), '');
  renameSync(join(given.tree, 'fresh'), join(given.tree, 'etc/empty'));
  lutimesSync(join(given.tree, 'etc/empty'), 1_193_961_600, 1_193_961_600);
  lutimesSync(join(given.tree, 'etc'), 1_193_961_600, 1_193_961_600);
  lutimesSync(given.tree, 1_193_961_600, 1_193_961_600);
  const first = await verify(given);
  assert.deepEqual([first.damaged, first.filesRead], [[], 1]);
  assert.equal((await verify(given)).filesRead, 0);
});

for (const [what, change, expected] of [
  ['a missing file', (tree: string) => rmSync(join(tree, 'bin/sh')), ['bin: time', 'bin/sh: missing']],
  ['another mode', (tree: string) => chmodSync(join(tree, 'bin/sh'), 0o777), ['bin/sh: mode']],
  ['a lost set-id bit', (tree: string) => chmodSync(join(tree, 'bin/su'), 0o755), ['bin/su: mode']],
  [
    'another link target',
    (tree: string) => {
      rmSync(join(tree, 'etc/link'));
      symlinkSync('other', join(tree, 'etc/link'));
      lutimesSync(join(tree, 'etc/link'), 1_193_961_600, 1_193_961_600);
      lutimesSync(join(tree, 'etc'), 1_193_961_600, 1_193_961_600);
    },
    ['etc/link: target'],
  ],
  [
    'a file instead of a link',
    (tree: string) => {
      rmSync(join(tree, 'etc/link'));
      writeFileSync(join(tree, 'etc/link'), '');
    },
    ['etc: time', 'etc/link: type'],
  ],
  [
    'a broken hard link',
    (tree: string) => {
      rmSync(join(tree, 'bin/sudo'));
      writeFileSync(join(tree, 'bin/sudo'), 'switch user');
    },
    ['bin: time', 'bin/sudo: links'],
  ],
  [
    'extra paths, the topmost only',
    (tree: string) => {
      mkdirSync(join(tree, 'etc/new/below'), { recursive: true });
      writeFileSync(join(tree, 'bin/zz'), '');
    },
    ['bin: time', 'bin/zz: extra', 'etc: time', 'etc/new: extra'],
  ],
] as const)
  test(`the quick way finds ${what}`, async (context) => {
    const given = await installed(context);
    change(given.tree);
    assert.deepEqual(await damage(given), expected);
  });

test('the full way finds an extra path in a folder whose time was set back', async (context) => {
  const given = await installed(context);
  writeFileSync(join(given.tree, 'etc/zz'), '');
  lutimesSync(join(given.tree, 'etc'), 1_193_961_600, 1_193_961_600);
  assert.deepEqual(await damage(given), []);
  assert.deepEqual(await damage(given, true), ['etc/zz: extra']);
});

test('changed attributes are found the full way, with owner and mode as they were', async (context) => {
  const given = await installed(context);
  setXattr(join(given.tree, 'etc/hosts'), byteStringFromText('user.note'), byteStringFromText('there'));
  setXattr(join(given.tree, 'bin/sh'), byteStringFromText('user.more'), byteStringFromText(''));
  assert.deepEqual(await damage(given, true), ['bin/sh: attributes', 'etc/hosts: attributes']);
});

test('two equal files that somebody linked are told apart', async (context) => {
  const layout = emptyDevice(context);
  const given = { ...(await installVersion(layout, 'one', { a: 'equal', b: 'equal' })), layout };
  rmSync(join(given.tree, 'b'));
  linkSync(join(given.tree, 'a'), join(given.tree, 'b'));
  lutimesSync(given.tree, 1_193_961_600, 1_193_961_600);
  assert.deepEqual(await damage(given), ['b: links']);
});

test('a folder that became a link out of the tree makes everything below it missing', async (context) => {
  const given = await installed(context);
  renameSync(join(given.tree, 'etc'), join(given.layout.root, 'elsewhere'));
  symlinkSync(join(given.layout.root, 'elsewhere'), join(given.tree, 'etc'));
  assert.deepEqual(await damage(given), [
    ': time',
    'etc: type',
    'etc/empty: missing',
    'etc/hosts: missing',
    'etc/link: missing',
    'etc/pipe: missing',
  ]);
});

test('another owner is found', { skip: isRoot ? false : 'NOT TESTED: needs root' }, async (context) => {
  const given = await installed(context);
  chownSync(join(given.tree, 'bin/sh'), 12, 34);
  assert.deepEqual(await damage(given), ['bin/sh: owner']);
});

test('owners that an ordinary user owes are no damage until root repairs', {
  skip: isRoot && 'runs as root',
}, async (context) => {
  const layout = emptyDevice(context);
  const foreign = { content: 'x', owner: [0, 0], mode: 0o4755 } as const;
  const given = { ...(await installVersion(layout, 'one', { 'a-file': foreign })), layout };
  assert.deepEqual(
    given.owed.map(({ what }) => what),
    ['owner', 'mode'],
  );
  assert.deepEqual(await damage(given, true), []);
  const strict = await verifyTree({
    layout,
    name: given.name,
    full: false,
    owedIsDamage: true,
    reporter: silentReporter,
  });
  assert.deepEqual(strict.damaged, [{ path: 'a-file', reason: 'owner' }]);
});

test('a version that is not installed is refused', async (context) => {
  const layout = emptyDevice(context);
  await assert.rejects(
    verifyTree({ layout, name: buildName('none'), full: false, reporter: silentReporter }),
    (error) => isSatchelError(error, 'version-not-installed'),
  );
});

test('a damaged index is told and never trusted', async (context) => {
  const given = await installed(context);
  const path = indexFile(given.layout, given.index);
  writeFileSync(path, readFileSync(path, 'utf8').replace('shell', 'Shell').replace('0', '1'));
  await assert.rejects(verify(given), (error) => isSatchelError(error, 'installed-index-damaged'));
});

test('verifying stops when asked to', async (context) => {
  const { layout, name } = await installed(context);
  const signal = AbortSignal.abort();
  await assert.rejects(verifyTree({ layout, name, full: true, reporter: silentReporter, signal }), (error) =>
    isSatchelError(error, 'cancelled'),
  );
});

test('many files are read in threads with the same result', async (context) => {
  const layout = emptyDevice(context);
  const many = Object.fromEntries(
    Array.from({ length: 350 }, (_, number) => [`f${number}`, `content ${number}`]),
  );
  const given = { ...(await installVersion(layout, 'one', many)), layout };
  writeFileSync(join(given.tree, 'f320'), 'content 321');
  lutimesSync(join(given.tree, 'f320'), 1_193_961_600, 1_193_961_600);
  const { damaged, filesRead } = await verify(given, true);
  assert.deepEqual(damaged, [{ path: 'f320', reason: 'content' }]);
  assert.equal(filesRead, 350);
});

test('threads stop when asked to', async (context) => {
  const layout = emptyDevice(context);
  const many = Object.fromEntries(
    Array.from({ length: 350 }, (_, number) => [`f${number}`, `content ${number}`]),
  );
  const { name } = await installVersion(layout, 'one', many);
  const controller = new AbortController();
  const reporter = {
    notice() {},
    progress: ({ unit }: { unit: string }) => {
      if (unit === 'bytes') controller.abort();
    },
  };
  await assert.rejects(
    verifyTree({ layout, name, full: true, reporter, signal: controller.signal }),
    (error) => isSatchelError(error, 'cancelled'),
  );
});
