import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isContinuousIntegration } from '../scripts/trees.ts';
import { compareTrees, describeDifferences } from './check-tree.ts';
import { describeTree } from './tree-description.ts';

const hasGetfattr = (() => {
  try {
    execFileSync('getfattr', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
const needed =
  hasGetfattr || isContinuousIntegration() ? {} : { skip: 'getfattr is missing: apt-get install attr' };

function exampleTree(context: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'satchel-check-'));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'd'));
  writeFileSync(join(root, 'd', 'file'), 'content');
  linkSync(join(root, 'd', 'file'), join(root, 'd', 'same'));
  symlinkSync('file', join(root, 'd', 'link'));
  for (const path of ['d/file', 'd', '.']) utimesSync(join(root, path), 1_000_000, 1_000_000);
  return root;
}

function copied(context: TestContext, tree: string): string {
  const parent = mkdtempSync(join(tmpdir(), 'satchel-check-'));
  context.after(() => rmSync(parent, { recursive: true, force: true }));
  execFileSync('cp', ['-a', tree, join(parent, 'copy')]);
  return join(parent, 'copy');
}

test('a faithful copy is exact', needed, (context) => {
  const tree = exampleTree(context);
  const differences = compareTrees(describeTree(tree), describeTree(copied(context, tree)), {
    withRoot: true,
  });
  assert.equal(describeDifferences(differences, 5), 'exact');
});

test('other content under the same size and time is found', needed, (context) => {
  const tree = exampleTree(context);
  const copy = copied(context, tree);
  writeFileSync(join(copy, 'd', 'file'), 'CONTENT');
  utimesSync(join(copy, 'd', 'file'), 1_000_000, 1_000_000);
  const differences = compareTrees(describeTree(tree), describeTree(copy), { withRoot: true });
  assert.equal(describeDifferences(differences, 5), '2 of 5 wrong (2 content)');
});

test(
  'a hard link that became a file of its own, a time, a missing and a surplus path are each found',
  needed,
  (context) => {
    const tree = exampleTree(context);
    const copy = copied(context, tree);
    rmSync(join(copy, 'd', 'same'));
    writeFileSync(join(copy, 'd', 'same'), 'content');
    rmSync(join(copy, 'd', 'link'));
    writeFileSync(join(copy, 'more'), '');
    const differences = compareTrees(describeTree(tree), describeTree(copy), { withRoot: false });
    const found = Object.fromEntries(differences.map(({ path, what }) => [path, what]));
    assert.deepEqual(found, { d: 'mtime', 'd/same': 'group', 'd/link': 'missing', more: 'surplus' });
  },
);

test('with clamped times every entry must have the one time', needed, (context) => {
  const tree = exampleTree(context);
  const options = { withRoot: true, clampedTo: 1_000_000n * 1_000_000_000n };
  const differences = compareTrees(describeTree(tree), describeTree(tree), options);
  assert.deepEqual(
    differences.map(({ path, what }) => [path, what]),
    [['d/link', 'mtime']],
  );
});
