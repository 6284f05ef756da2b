/**
 * For tests: GNU tar as the judge of what an archive means. A tree on disk and the members of an archive are turned
 * into the same flat description, so that both can be compared whole.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  type BigIntStats,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ByteString, byteString, pathBelow } from '../base/byte-string.ts';
import { unpackDevice } from '../os/device-numbers.ts';
import { listXattrs } from '../os/system-calls.ts';
import type { TarMember } from './tar.ts';

/** One path of a tree, everything that a tar carries. */
export type Described = {
  type: string;
  mode: number;
  uid: number;
  gid: number;
  mtime: string;
  size: number;
  sha256: string;
  target: string;
  device: string;
  xattrs: string[];
  /** All paths of the same inode, sorted, when there are several. */
  group: string[];
};

/** Paths with their descriptions. */
export type DescribedTree = Record<string, Described>;

/** True as root; without it, owners, devices and most attributes cannot be made. */
export const isRoot = process.getuid?.() === 0;

/** Why a test that needs root is skipped, or false. */
export const needsRoot = isRoot
  ? false
  : 'needs root: owners, devices and attributes cannot be made without it';

/** Runs a program of the system; its standard output. */
export function run(program: string, args: readonly string[], input?: Uint8Array): Buffer {
  return execFileSync(program, args, {
    input,
    stdio: ['pipe', 'pipe', 'pipe'],
    maxBuffer: 2 ** 30,
    env: { ...process.env, LC_ALL: 'C', POSIXLY_CORRECT: undefined, TAR_OPTIONS: undefined },
  });
}

/** A scratch directory that is removed when the test is over. */
export function scratch(test: { after(action: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'satchel-formats-'));
  test.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Options with which GNU tar writes everything that it can. */
export const createEverything = [
  '--numeric-owner',
  '--xattrs',
  '--xattrs-include=*',
  '--acls',
  '--sparse',
  '--sort=name',
];

/** Options with which GNU tar restores everything that an archive holds. */
export const extractEverything = [
  '--numeric-owner',
  '--xattrs',
  '--xattrs-include=*',
  '--acls',
  // Otherwise GNU tar sets a directory's time before it has unpacked all that lies in it.
  '--delay-directory-restore',
  '-xp',
];

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const xattrText = ({ name, value }: { name: string; value: string }) =>
  `${name}=${Buffer.from(value, 'latin1').toString('hex')}`;

/** Describes the tree below a directory, the directory itself as ''. */
export function describeTree(root: string): DescribedTree {
  const tree: DescribedTree = {};
  const inodes = new Map<bigint, string[]>();
  const visit = (path: ByteString) => {
    const place = pathBelow(root, path);
    const stat = lstatSync(place, { bigint: true });
    const described = describeInode(place, stat);
    tree[path] = described;
    if (!stat.isDirectory()) {
      const group = inodes.get(stat.ino) ?? described.group;
      group.push(path);
      inodes.set(stat.ino, group);
      described.group = group;
      return;
    }
    const names = readdirSync(place, { encoding: 'buffer' }).map((name) => byteString(name));
    for (const name of names) visit((path === '' ? name : `${path}/${name}`) as ByteString);
  };
  visit('' as ByteString);
  for (const described of Object.values(tree)) described.group = groupOf(described.group);
  return tree;
}

const groupOf = (paths: readonly string[]) => (paths.length > 1 ? [...paths].sort() : []);

function describeInode(place: string | Buffer, stat: BigIntStats): Described {
  const isFile = stat.isFile();
  const isDevice = stat.isCharacterDevice() || stat.isBlockDevice();
  const second = 1_000_000_000n;
  const nanoseconds = ((stat.mtimeNs % second) + second) % second;
  return {
    type: isFile
      ? 'file'
      : stat.isDirectory()
        ? 'directory'
        : stat.isSymbolicLink()
          ? 'symlink'
          : stat.isFIFO()
            ? 'fifo'
            : stat.isCharacterDevice()
              ? 'char'
              : 'block',
    mode: stat.isSymbolicLink() ? 0o777 : Number(stat.mode) & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtime: `${(stat.mtimeNs - nanoseconds) / second}.${nanoseconds}`,
    size: isFile ? Number(stat.size) : 0,
    sha256: isFile ? sha256(readFileSync(place)) : '',
    target: stat.isSymbolicLink() ? byteString(readlinkSync(place, { encoding: 'buffer' })) : '',
    device: isDevice ? unpackDevice(stat.rdev).join(',') : '',
    xattrs: listXattrs(place).map(xattrText),
    group: [],
  };
}

/** Describes what an archive would unpack to: the last of repeated paths counts, hard links share an inode. */
export async function describeMembers(members: AsyncIterable<TarMember>): Promise<DescribedTree> {
  const tree: DescribedTree = {};
  for await (const member of members) {
    if (member.type === 'hardlink') {
      const linked = tree[member.link!]!;
      linked.group.push(member.path);
      tree[member.path] = linked;
      continue;
    }
    const hash = createHash('sha256');
    let size = 0;
    for await (const piece of member.content) {
      hash.update(piece);
      size += piece.length;
    }
    tree[member.path] = {
      type: member.type,
      mode: member.type === 'symlink' ? 0o777 : member.mode,
      uid: member.uid,
      gid: member.gid,
      mtime: member.mtime.join('.'),
      size,
      sha256: member.type === 'file' ? hash.digest('hex') : '',
      target: member.type === 'symlink' ? member.link! : '',
      device: member.device?.join(',') ?? '',
      xattrs: member.xattrs.map(xattrText),
      group: [member.path],
    };
  }
  for (const described of new Set(Object.values(tree))) described.group = groupOf(described.group);
  return tree;
}
