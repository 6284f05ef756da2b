import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { mountsBelow } from './mounts.ts';
import { removeTree, removeTreeInBackground } from './remove-tree.ts';

function directory(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'satchel-remove-'));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function treeIn(folder: string): string {
  const tree = join(folder, 'tree');
  mkdirSync(join(tree, 'a/b/c'), { recursive: true });
  writeFileSync(join(tree, 'a/b/file'), 'x');
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/a/`), Buffer.from([0xff, 0x0a])]), 'raw name');
  mkdirSync(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0xc3])]));
  symlinkSync('nowhere', join(tree, 'dangling'));
  return tree;
}

test('a tree with raw names goes completely', (context) => {
  const folder = directory(context);
  removeTree(treeIn(folder));
  assert.deepEqual(readdirSync(folder), []);
});

test('a symlink goes and what it points to stays', (context) => {
  const folder = directory(context);
  mkdirSync(join(folder, 'outside'));
  writeFileSync(join(folder, 'outside/file'), '');
  const tree = treeIn(folder);
  symlinkSync(join(folder, 'outside'), join(tree, 'link'));
  symlinkSync(join(folder, 'outside'), join(folder, 'root-link'));
  removeTree(tree);
  removeTree(join(folder, 'root-link'));
  assert.deepEqual(readdirSync(folder), ['outside']);
  assert.ok(existsSync(join(folder, 'outside/file')));
});

test('another name of a hard-linked file stays', (context) => {
  const folder = directory(context);
  const tree = treeIn(folder);
  linkSync(join(tree, 'a/b/file'), join(folder, 'other'));
  removeTree(tree);
  assert.deepEqual(readdirSync(folder), ['other']);
});

test('an absent tree is no error, and a single file goes', (context) => {
  const folder = directory(context);
  removeTree(join(folder, 'absent'));
  writeFileSync(join(folder, 'file'), '');
  removeTree(join(folder, 'file'));
  assert.deepEqual(readdirSync(folder), []);
});

test('directories that nobody may write go too', (context) => {
  const folder = directory(context);
  const tree = treeIn(folder);
  chmodSync(join(tree, 'a/b'), 0o500);
  chmodSync(join(tree, 'a'), 0o000);
  removeTree(tree);
  assert.deepEqual(readdirSync(folder), []);
});

test('in the background it counts every name and can be stopped', async (context) => {
  const folder = directory(context);
  const tree = treeIn(folder);
  let count = 0;
  await removeTreeInBackground(tree, {
    onRemoved: (removed) => {
      count += removed;
    },
  });
  assert.equal(count, 8);
  assert.equal(existsSync(tree), false);
});

test('a tree in which something is mounted is refused', () => {
  assert.throws(
    () => removeTree('/proc'),
    (error) => isSatchelError(error, 'tree-has-mounts'),
  );
});

test('mount points are found at and below a path, with their escaped names, and not beside it', (context) => {
  const folder = directory(context);
  mkdirSync(join(folder, 'run'));
  const line = (point: string) => `36 35 98:0 / ${point} rw,noatime - ext4 /dev/root rw\n`;
  const table = Buffer.from(
    [`${folder}/run`, `${folder}/run/with\\040space`, `${folder}/runner`, '/'].map(line).join(''),
  );
  assert.deepEqual(
    mountsBelow(join(folder, 'run'), () => table),
    [`${folder}/run`, `${folder}/run/with space`],
  );
  assert.deepEqual(
    mountsBelow(join(folder, 'absent'), () => table),
    [],
  );
});
