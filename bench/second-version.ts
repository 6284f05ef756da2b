/**
 * What a second version costs on the disk beside the files that changed: `node bench/second-version.ts [small|large]` as
 * root, the desktop of about 2 GB unless told otherwise. Two builds of it are installed one after the other on an ext4
 * and on a btrfs in an image; prints a JSON object a line.
 *
 * `changed` are the blocks of the files that the second version does not share with the first; `beside` is what else the
 * disk has less: folders, which cannot be shared, and lists. Its share is of the first version on the disk.
 */
import { lstatSync, mkdirSync, readdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { debianTrees, type TreeSize } from '../scripts/trees.ts';
import { run } from './measure.ts';
import { openWorkspace } from './workspace.ts';

const checkout = join(import.meta.dirname, '..');
const size = (process.argv[2] ?? 'large') as TreeSize;
const diskSize = { small: '2G', large: '8G' }[size];

const tool = (program: string, ...parameters: string[]) => run({ program, parameters });
const satchel = (...parameters: string[]) => tool(join(checkout, 'satchel'), ...parameters);

/** Bytes that a file system has in use. */
async function used(root: string): Promise<number> {
  await tool('sync', '--file-system', root);
  const { blocks, bfree, bsize } = statfsSync(root);
  return (blocks - bfree) * bsize;
}

/** Every path of a tree but its top, with what the disk says of it. */
function* pathsOf(
  folder: string,
): Generator<{ readonly inode: number; readonly isFolder: boolean; readonly bytes: number }> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const { ino: inode, blocks } = lstatSync(path);
    yield { inode, isFolder: entry.isDirectory(), bytes: 512 * blocks };
    if (entry.isDirectory()) yield* pathsOf(path);
  }
}

/** Bytes on the disk of what a tree does not share with another: files, each once, and folders. */
function ownBytes(tree: string, other: string): { readonly files: number; readonly folders: number } {
  const known = new Set(pathsOf(other).map(({ inode }) => inode));
  const sum = { files: 0, folders: 0 };
  for (const { inode, isFolder, bytes } of pathsOf(tree)) {
    if (known.has(inode)) continue;
    known.add(inode);
    sum[isFolder ? 'folders' : 'files'] += bytes;
  }
  return sum;
}

async function measureOn(fileSystem: 'ext4' | 'btrfs', root: string, origin: readonly string[]) {
  const image = `${root}.img`;
  const mount = `${root}.mount`;
  mkdirSync(mount);
  await tool('truncate', '--size', diskSize, image);
  await tool(`mkfs.${fileSystem}`, '-q', image);
  await tool('mount', '-o', 'loop', image, mount);
  try {
    await satchel('device', 'init', '--root', mount, ...origin);
    const empty = await used(mount);
    await satchel('update', '--root', mount, 'a');
    const first = await used(mount);
    await satchel('update', '--root', mount, 'b');
    const second = await used(mount);
    const [a, b] = ['a', 'b'].map((name) => join(mount, 'versions/pristine', name)) as [string, string];
    const { files, folders } = ownBytes(b, a);
    const beside = second - first - files;
    const share = `${((100 * beside) / (first - empty)).toFixed(2)} %`;
    return {
      fileSystem,
      first: first - empty,
      second: second - first,
      changed: files,
      folders,
      beside,
      share,
    };
  } finally {
    await tool('umount', mount);
  }
}

const workspace = openWorkspace(checkout);
try {
  const trees = await debianTrees({ size });
  const repository = workspace.fresh('repository');
  const { rootSha256 } = JSON.parse(await satchel('init', '--json', '--repo', repository)) as {
    rootSha256: string;
  };
  for (const name of ['a', 'b'] as const)
    await satchel('publish', '--repo', repository, '--deltas', '0', '--name', name, trees[name]);
  const origin = ['--source', repository, '--trust', rootSha256];
  for (const fileSystem of ['ext4', 'btrfs'] as const)
    console.log(JSON.stringify(await measureOn(fileSystem, workspace.fresh(fileSystem), origin)));
} finally {
  await workspace.remove();
}
