/** Trees on disk, compared exactly; no code of the program takes part. */
import assert from 'node:assert/strict';
import { lstatSync, readdirSync } from 'node:fs';
import { compareTrees } from '../../bench/check-tree.ts';
import { describeTree, type TreeDescription } from '../../bench/tree-description.ts';

export { describeTree };

/**
 * Requires that two trees are the same in everything that a build carries: types, content, modes, owners, times to
 * the nanosecond, device numbers, link targets, extended attributes, and which names share an inode.
 */
export function assertSameTree(actual: string | TreeDescription, expected: string | TreeDescription): void {
  const differences = compareTrees(described(expected), described(actual), { withRoot: true });
  assert.deepEqual(differences, []);
}

/**
 * What is remembered of a tree that nobody may touch: all that {@link describeTree} tells, and which inode each name
 * has. Number of links and change time may move, since another tree may link to the same inodes.
 */
export function snapshotOf(root: string): {
  readonly tree: TreeDescription;
  readonly inodes: readonly string[];
} {
  const inodes: string[] = [];
  const walk = (path: Buffer) => {
    const { ino, dev, blocks } = lstatSync(path);
    inodes.push(`${path.toString('latin1').slice(root.length)} ${dev}:${ino} ${blocks}`);
    if (!lstatSync(path).isDirectory()) return;
    for (const name of readdirSync(path, 'buffer')) walk(Buffer.concat([path, Buffer.from('/'), name]));
  };
  walk(Buffer.from(root));
  return { tree: describeTree(root), inodes: inodes.sort() };
}

function described(tree: string | TreeDescription): TreeDescription {
  return typeof tree === 'string' ? describeTree(tree) : tree;
}
