/** Trees for rsync clients: what a stock client gets of them, and how they come and go. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { byteString, byteStringFromText as named } from '../../src/base/byte-string.ts';
import { isSatchelError } from '../../src/base/errors.ts';
import { type BuildName, buildName } from '../../src/base/identifiers.ts';
import { makeNode, setTimes, setXattr } from '../../src/os/system-calls.ts';
import type { RsyncLayout } from '../../src/rsync/layout.ts';
import { must } from '../doubles/command.ts';
import { beginTransfer, fetchTree, openTestTrees, type TestTrees } from '../doubles/rsync-trees.ts';
import { assertSameTree } from '../doubles/same-tree.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot, writeStoryTree } from '../doubles/story-trees.ts';
import { when } from '../doubles/when.ts';

const scratch = scratchFolder('rsync-trees');
const repository = scratch.file('repository');
const [v1, v2, v3] = ['v1', 'v2', 'v3'].map(buildName) as [BuildName, BuildName, BuildName];
const treeOf = (build: BuildName) => scratch.file('trees', build);
const rootOnly = isRoot ? false : 'needs root: owners and devices are compared';

before(async () => {
  mkdirSync(scratch.file('trees'));
  await must('init', '--repo', repository);
  for (const [number, build] of [v1, v2, v3].entries()) {
    writeStoryTree(treeOf(build), (number + 1) as 1 | 2 | 3);
    await must('publish', '--repo', repository, '--name', build, treeOf(build));
  }
});
after(() => scratch.remove());

let opened: TestTrees;
let number = 0;
let directory: string;
beforeEach(async () => {
  number += 1;
  directory = scratch.file(`rsync-${number}`);
  opened = await openTestTrees(repository, directory);
  await opened.prepareAll();
});
afterEach(() => opened.close());

const inodeOf = (layout: RsyncLayout, build: BuildName, path: string) =>
  lstatSync(join(layout.moduleRoot(build), path)).ino;
const isComplete = (layout: RsyncLayout, build: BuildName) => existsSync(layout.readyMark(build));
const setLastUse = (layout: RsyncLayout, build: BuildName, seconds: number) =>
  utimesSync(layout.readyMark(build), seconds, seconds);

async function reopen(at = directory): Promise<void> {
  await opened.close();
  opened = await openTestTrees(repository, at);
}

describe('what a client gets', () => {
  test('is every build exactly, alone and beside the one before', { skip: rootOnly }, async () => {
    for (const build of [v1, v2, v3]) {
      await opened.trees.make(build);
      const got = join(directory, 'got', build);
      mkdirSync(got, { recursive: true });
      fetchTree(opened.layout, build, 'root/', [`${got}/`]);
      assertSameTree(got, treeOf(build));
    }
  });

  test('is the same beside its own older tree as from a plain tree', { skip: rootOnly }, async () => {
    const place = (who: string, build: string) => join(directory, who, build);
    for (const who of ['got', 'wanted']) mkdirSync(place(who, ''), { recursive: true });
    for (const build of [v1, v2]) {
      await opened.trees.make(build);
      const options = build === v1 ? [] : ['--checksum', `--link-dest=../${v1}`];
      fetchTree(opened.layout, build, 'root/', [...options, `${place('got', build)}/`]);
      const from = ['-aHAX', '--numeric-ids', `${treeOf(build)}/`];
      execFileSync('rsync', [...from, ...options, `${place('wanted', build)}/`]);
      assertSameTree(place('got', build), place('wanted', build));
    }
  });

  test('is every attribute, list and link that only few builds have', { skip: rootOnly }, async (context) => {
    const rare = scratch.file('rare');
    const hex = (value: string) => byteString(Buffer.from(value.replaceAll(' ', ''), 'hex'));
    const listed =
      '02000000 01000600ffffffff 02000600e8030000 04000000ffffffff 0800050009000000 10000600ffffffff';
    mkdirSync(join(rare, 'listed'), { recursive: true });
    setXattr(join(rare, 'listed'), named('system.posix_acl_access'), hex(`${listed} 20000400ffffffff`));
    setXattr(join(rare, 'listed'), named('system.posix_acl_default'), hex(`${listed} 20000000ffffffff`));
    makeNode(join(rare, 'device'), 'block', 0o640, 4095, 1_048_575);
    linkSync(join(rare, 'device'), join(rare, 'same device'));
    symlinkSync('nowhere', join(rare, 'link'));
    setXattr(join(rare, 'link'), named('trusted.note'), named('of a link'));
    linkSync(join(rare, 'link'), join(rare, 'same link'));
    writeFileSync(join(rare, 'kept by rsync'), 'fake super');
    setXattr(join(rare, 'kept by rsync'), named('user.rsync.note'), named('looks like one of its own'));
    chmodSync(join(rare, 'kept by rsync'), 0o6111);
    mkdirSync(join(rare, 'closed'));
    chmodSync(join(rare, 'closed'), 0);
    // rsync leaves what it has just made as it is when the second of its time is right already.
    for (const path of ['device', 'listed', 'closed', '']) setTimes(join(rare, path), [1_600_000_000, 123]);
    const place = scratch.file('rare-repository');
    await must('init', '--repo', place);
    await must('publish', '--repo', place, '--name', 'rare', rare);
    const { trees, layout, close } = await openTestTrees(place, join(directory, 'rare'));
    context.after(close);
    await trees.make(buildName('rare'));
    const got = join(directory, 'rare/got');
    mkdirSync(got);
    fetchTree(layout, 'rare', 'root/', [`${got}/`]);
    assertSameTree(got, rare);
  });

  test('is the manifest byte for byte', async () => {
    await opened.trees.make(v1);
    fetchTree(opened.layout, v1, 'contents', [`${directory}/contents`]);
    const stored = readdirSync(join(repository, 'contents')).map((name) =>
      readFileSync(join(repository, 'contents', name)),
    );
    const got = readFileSync(join(directory, 'contents'));
    assert.ok(stored.some((bytes) => bytes.equals(got)));
  });
});

describe('making', () => {
  test('happens once however many ask', async () => {
    const asked = Array.from({ length: 30 }, () => opened.trees.make(v1));
    assert.deepEqual(
      opened.trees.making().map(({ name }) => name),
      [v1],
    );
    await Promise.all(asked);
    await opened.trees.make(v1);
    assert.deepEqual(opened.said, [{ code: 'tree-made', build: v1 }]);
    assert.deepEqual(opened.trees.making(), []);
  });

  test('shares an inode only for the same content, metadata and link group', async () => {
    const { trees, layout } = opened;
    await trees.make(v1);
    await trees.make(v2);
    for (const path of ['etc/same', 'links/relative', 'groups/same-b', 'usr/bin/setuid'])
      assert.equal(inodeOf(layout, v1, path), inodeOf(layout, v2, path), path);
    for (const path of [
      'changes/only-mode',
      'changes/only-attribute',
      'changes/only-time',
      'groups/grows-a',
      'etc/hostname',
    ])
      assert.notEqual(inodeOf(layout, v1, path), inodeOf(layout, v2, path), path);
  });

  test('keeps the directory in which a client waits', async () => {
    const { trees, layout } = opened;
    const waiting = lstatSync(layout.module(v1)).ino;
    await trees.make(v1);
    assert.equal(lstatSync(layout.module(v1)).ino, waiting);
    assert.deepEqual(readdirSync(layout.module(v1)).sort(), ['contents', 'root']);
  });

  test('goes on when the one who asked has left', async () => {
    const leaving = new AbortController();
    const asked = opened.trees.make(v1, { signal: leaving.signal });
    leaving.abort();
    await assert.rejects(asked, (error) => isSatchelError(error, 'cancelled'));
    await opened.trees.make(v1);
    assert.deepEqual(opened.said, [{ code: 'tree-made', build: v1 }]);
  });

  test('refuses a build that does not exist', async () => {
    const name = buildName('nowhere');
    await assert.rejects(opened.trees.make(name), (error) => isSatchelError(error, 'build-not-found'));
    assert.ok(!isComplete(opened.layout, name));
    assert.deepEqual(opened.said, []);
  });

  test('brings a build from elsewhere when it is not here', async (context) => {
    const empty = scratch.file('empty-repository');
    await must('init', '--repo', empty);
    const asked: string[] = [];
    const upstream = {
      async fetch(name: BuildName) {
        asked.push(name);
        await must('publish', '--repo', empty, '--name', name, treeOf(v1));
      },
    };
    const elsewhere = await openTestTrees(empty, join(directory, 'elsewhere'), { upstream });
    context.after(() => elsewhere.close());
    await Promise.all([elsewhere.trees.make(v1), elsewhere.trees.make(v1)]);
    assert.deepEqual(asked, [v1]);
    assert.ok(isComplete(elsewhere.layout, v1));
  });

  test('says which pack is damaged, and makes nothing of it', async (context) => {
    const broken = scratch.file('broken-repository');
    cpSync(repository, broken, { recursive: true });
    for (const pack of readdirSync(join(broken, 'packs'))) {
      const path = join(broken, 'packs', pack);
      writeFileSync(path, readFileSync(path).fill(7));
    }
    const damaged = await openTestTrees(broken, join(directory, 'damaged'));
    context.after(() => damaged.close());
    await damaged.prepareAll();
    await assert.rejects(damaged.trees.make(v1), (error) => isSatchelError(error, 'stored-file-damaged'));
    assert.ok(!isComplete(damaged.layout, v1));
    assert.deepEqual(readdirSync(damaged.layout.module(v1)), []);
    assert.deepEqual(readdirSync(damaged.layout.temporary), []);
  });

  test('is done by one process for a directory', async () => {
    await assert.rejects(openTestTrees(repository, directory), (error) =>
      isSatchelError(error, 'trees-in-use'),
    );
  });
});

describe('eviction', () => {
  test('takes the least recently used tree first, and never a sticky one', async () => {
    const { trees, layout } = opened;
    for (const build of [v1, v2, v3]) await trees.make(build);
    setLastUse(layout, v1, 1000);
    setLastUse(layout, v2, 2000);
    setLastUse(layout, v3, 3000);
    writeFileSync(join(layout.sticky, v1), '');
    opened.set({ budget: 1 });
    await trees.evict();
    assert.deepEqual(readdirSync(layout.readyMarks), [v1]);
    assert.deepEqual(
      opened.said.filter(({ code }) => code === 'tree-evicted').map(({ build }) => build),
      [v2, v3],
    );
    assert.deepEqual(readdirSync(layout.module(v2)), []);
    assert.deepEqual(readdirSync(layout.trash), []);
  });

  test('leaves a tree that is in use', async (context) => {
    const { trees, layout } = opened;
    for (const build of [v1, v2]) await trees.make(build);
    const transfer = await beginTransfer(context, layout, v1);
    opened.set({ budget: 1 });
    await trees.evict();
    assert.deepEqual(readdirSync(layout.readyMarks), [v1]);
    await transfer.end();
    await trees.evict();
    assert.deepEqual(readdirSync(layout.readyMarks), []);
  });

  test('is not kept from its work by what a killed daemon left', async () => {
    const { trees, layout } = opened;
    await trees.make(v1);
    // The number of this process, which is no daemon: after a restart numbers belong to others.
    writeFileSync(join(layout.uses, `${v1},192.0.2.7,${process.pid}`), '');
    opened.set({ budget: 1 });
    await trees.evict();
    assert.deepEqual(readdirSync(layout.readyMarks), []);
    assert.deepEqual(readdirSync(layout.uses), []);
  });

  test('counts what trees share once', async () => {
    const { trees, layout } = opened;
    await trees.make(v1);
    await trees.make(v2);
    const disk = Number(execFileSync('du', ['-sB1', layout.builds], { encoding: 'utf8' }).split('\t')[0]);
    opened.set({ budget: disk * 1.1 });
    await trees.evict();
    assert.deepEqual(readdirSync(layout.readyMarks), [v1, v2]);
    opened.set({ budget: disk * 0.9 });
    await trees.evict();
    assert.equal(readdirSync(layout.readyMarks).length, 1);
  });

  test('makes room for a new tree, and that one stays', async () => {
    const { trees, layout } = opened;
    await trees.make(v1);
    opened.set({ budget: 1 });
    await trees.make(v2);
    assert.deepEqual(readdirSync(layout.readyMarks), [v2]);
  });
});

describe('withdrawing', () => {
  test('takes the module away, and what a transfer reads goes when it has ended', async (context) => {
    const { trees, layout } = opened;
    await trees.make(v1);
    const transfer = await beginTransfer(context, layout, v1);
    await trees.withdraw(v1);
    assert.ok(!existsSync(layout.module(v1)));
    assert.ok(!isComplete(layout, v1));
    const kept = readdirSync(layout.trash).find((name) => name.startsWith(`${v1},`));
    assert.equal(readFileSync(join(layout.trash, kept!, 'root/etc/hostname'), 'utf8'), 'machine-1\n');
    await transfer.end();
    await when(() => readdirSync(layout.trash).length === 0);
  });

  test('happens to builds that are no longer published', async () => {
    const { trees, layout } = opened;
    await trees.make(v1);
    await trees.prepare([v2]);
    assert.deepEqual(readdirSync(layout.builds), [v2]);
    assert.deepEqual(readdirSync(layout.readyMarks), []);
  });

  test('refuses those who wait for the tree', async () => {
    const { trees } = opened;
    const asked = assert.rejects(trees.make(v1), (error) => isSatchelError(error, 'build-not-found'));
    await trees.withdraw(v1);
    await asked;
    assert.ok(!existsSync(opened.layout.module(v1)));
  });

  test('happens to the tree of a build that was replaced under its name', async (context) => {
    const changing = scratch.file('changing-repository');
    await must('init', '--repo', changing);
    await must('publish', '--repo', changing, '--name', 'os', treeOf(v1));
    const os = buildName('os');
    const place = await openTestTrees(changing, join(directory, 'changing'));
    context.after(() => place.close());
    await place.trees.make(os);
    await must('publish', '--repo', changing, '--name', 'later', treeOf(v3));
    await must('remove', '--repo', changing, 'os');
    await must('publish', '--repo', changing, '--name', 'os', treeOf(v2));
    await place.prepareAll();
    assert.ok(!isComplete(place.layout, os));
    await place.trees.make(os);
    assert.equal(readFileSync(join(place.layout.moduleRoot(os), 'etc/hostname'), 'utf8'), 'machine-2\n');
  });
});

describe('a restart', () => {
  test('finds complete trees as they were', async () => {
    await opened.trees.make(v1);
    const inode = inodeOf(opened.layout, v1, 'etc/same');
    await reopen();
    await opened.prepareAll();
    await opened.trees.make(v1);
    assert.equal(inodeOf(opened.layout, v1, 'etc/same'), inode);
    assert.deepEqual(opened.said, []);
  });

  test('ends what was being made, and it is made anew', async () => {
    const asked = assert.rejects(opened.trees.make(v1), (error) => isSatchelError(error, 'cancelled'));
    await reopen();
    await asked;
    assert.ok(!isComplete(opened.layout, v1));
    assert.deepEqual(readdirSync(opened.layout.module(v1)), []);
    await opened.trees.make(v1);
    assert.ok(isComplete(opened.layout, v1));
  });

  test('on another disk serves the same trees and shares with them', { skip: rootOnly }, async () => {
    await opened.trees.make(v1);
    const moved = scratch.file('moved');
    await opened.close();
    execFileSync('cp', ['-a', directory, moved]);
    opened = await openTestTrees(repository, moved);
    await opened.prepareAll();
    await opened.trees.make(v2);
    assert.deepEqual(opened.said, [{ code: 'tree-made', build: v2 }]);
    assert.equal(inodeOf(opened.layout, v1, 'etc/same'), inodeOf(opened.layout, v2, 'etc/same'));
    const got = join(moved, 'got');
    mkdirSync(got);
    fetchTree(opened.layout, v2, 'root/', [`${got}/`]);
    assertSameTree(got, treeOf(v2));
  });

  for (const [what, program] of [
    ['attributes', ['cp', '-RP', '--preserve=mode,ownership,timestamps,links']],
    ['hard links', ['cp', '-RP', '--preserve=mode,ownership,timestamps,xattr']],
  ] as const) {
    test(`after a copy without ${what} makes trees anew`, async () => {
      await opened.trees.make(v1);
      const copied = scratch.file(`without-${what.replace(' ', '-')}`);
      await opened.close();
      execFileSync(program[0], [...program.slice(1), directory, copied]);
      opened = await openTestTrees(repository, copied);
      assert.ok(!isComplete(opened.layout, v1));
      await opened.prepareAll();
      await opened.trees.make(v1);
      assert.deepEqual(opened.said, [{ code: 'tree-made', build: v1 }]);
    });
  }
});
