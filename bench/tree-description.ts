import { execFileSync } from 'node:child_process';
import { createHash, hash } from 'node:crypto';
import {
  type BigIntStats,
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
} from 'node:fs';

/** Everything about one path of a tree that a build promises to carry. Byte paths are latin1 strings. */
export type PathDescription = {
  readonly type: string;
  readonly mode: number;
  readonly owner: string;
  readonly mtime: bigint;
  readonly content: string;
  readonly link: string;
  readonly device: string;
  /** First path of the group of names that share the inode, in byte order. */
  readonly group: string;
  readonly xattrs: string;
};

/** A tree by path; '' is its root. */
export type TreeDescription = ReadonlyMap<string, PathDescription>;

type Found = { readonly path: string; readonly stats: BigIntStats };

/**
 * Reads a whole tree with nothing but `lstat`, `readlink`, `read` and getfattr: no code of the program under
 * measurement takes part, so a mistake there cannot excuse itself here.
 */
export function describeTree(root: string): TreeDescription {
  const found: Found[] = [];
  walk(root, '', found);
  const xattrs = xattrsBelow(root);
  const groups = new Map<string, string>();
  for (const { path, stats } of found) {
    const inode = `${stats.dev}:${stats.ino}`;
    const first = groups.get(inode);
    if (first === undefined || path < first) groups.set(inode, path);
  }
  const tree = new Map<string, PathDescription>();
  for (const { path, stats } of found) {
    const type = typeOf(stats);
    const bytes = pathBytes(root, path);
    tree.set(path, {
      type,
      mode: Number(stats.mode & 0o7777n),
      owner: `${stats.uid}:${stats.gid}`,
      mtime: stats.mtimeNs,
      content: type === 'file' ? contentOf(bytes, Number(stats.size)) : '',
      link: type === 'symlink' ? readlinkSync(bytes, 'latin1') : '',
      device: type === 'char' || type === 'block' ? deviceOf(stats.rdev) : '',
      group: type === 'directory' ? path : groups.get(`${stats.dev}:${stats.ino}`)!,
      xattrs: xattrs.get(path) ?? '',
    });
  }
  return tree;
}

function walk(root: string, path: string, found: Found[]): void {
  const stats = lstatSync(pathBytes(root, path), { bigint: true });
  found.push({ path, stats });
  if (!stats.isDirectory()) return;
  for (const name of readdirSync(pathBytes(root, path), 'latin1'))
    walk(root, path === '' ? name : `${path}/${name}`, found);
}

function contentOf(path: Buffer, size: number): string {
  if (size <= 16 * 1024 * 1024) return hash('sha256', readFileSync(path));
  const whole = createHash('sha256');
  const buffer = Buffer.allocUnsafe(4 * 1024 * 1024);
  const file = openSync(path, 'r');
  try {
    for (let length = readSync(file, buffer); length > 0; length = readSync(file, buffer))
      whole.update(buffer.subarray(0, length));
  } finally {
    closeSync(file);
  }
  return whole.digest('hex');
}

/** Extended attributes of every path that has any, as `name=value` lines; values in hexadecimal. */
function xattrsBelow(root: string): Map<string, string> {
  const dump = execFileSync(
    'getfattr',
    [
      '--recursive',
      '--physical',
      '--no-dereference',
      '--absolute-names',
      '--dump',
      '--match=-',
      '--encoding=hex',
      '.',
    ],
    { cwd: root, maxBuffer: 1024 * 1024 * 1024, encoding: 'latin1', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const byPath = new Map<string, string>();
  for (const block of dump.split('\n\n')) {
    const [heading, ...lines] = block.split('\n');
    if (!heading?.startsWith('# file: ')) continue;
    const name = heading
      .slice('# file: '.length)
      .replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    byPath.set(name === '.' ? '' : name.replace(/^\.\//, ''), lines.filter(Boolean).sort().join('\n'));
  }
  return byPath;
}

function typeOf(stats: BigIntStats): string {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isCharacterDevice()) return 'char';
  if (stats.isBlockDevice()) return 'block';
  return stats.isFIFO() ? 'fifo' : 'socket';
}

/** Linux packs device numbers as in `makedev(3)`. */
function deviceOf(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  return `${major}:${minor}`;
}

function pathBytes(root: string, path: string): Buffer {
  return path === ''
    ? Buffer.from(root)
    : Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, 'latin1')]);
}
