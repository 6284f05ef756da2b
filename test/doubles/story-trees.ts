/**
 * Small trees with everything that a tar can carry, for whole stories. Version 2 differs from version 1 in every way
 * in which a build can differ from the one before, version 3 from version 2 in one file. What only root can make
 * (owners, devices, capabilities) is left out for anybody else.
 */
import { createCipheriv } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  lchownSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { type ByteString, byteStringFromText, bytesOf } from '../../src/base/byte-string.ts';
import { makeNode, setTimes, setXattr } from '../../src/os/system-calls.ts';

/** What a path gets beside its content; absent: mode 0644 or 0755, this user, 2 November 2007. */
export type Attributes = {
  readonly mode?: number;
  readonly owner?: readonly [uid: number, gid: number];
  readonly time?: readonly [seconds: number, nanoseconds: number];
  /** Values are raw bytes as latin1 text. */
  readonly xattrs?: Readonly<Record<string, string>>;
};

/** True when this user can make everything. */
export const isRoot = process.getuid?.() === 0;

const usualTime = [1_194_004_800, 0] as const;

/** `cap_net_raw+ep` and `cap_setgid+ep` as the kernel stores them (struct vfs_cap_data, revision 2). */
const mayOpenRawSockets = capability(1 << 13);
const maySetGroup = capability(1 << 6);

/** `user::rw-, user:1234:r--, group::r--, mask::r--, other::---` as the kernel stores it. */
const accessList = acl([
  [0x01, 6, -1],
  [0x02, 4, 1234],
  [0x04, 4, -1],
  [0x10, 4, -1],
  [0x20, 0, -1],
]);

/** Names that are 100 bytes long: three of them make a path that no old header holds. */
const longName = (letter: string) => letter.repeat(100);

/** The path of the 3 MiB file that changes in its middle. */
export const largeFile = 'usr/lib/large.bin';

/** What of a tree may be left out. */
export type StoryTreeOptions = { readonly withLargeFile?: boolean };

/** Writes the whole tree of one version below `root`, which must not exist. */
export function writeStoryTree(
  root: string,
  version: 1 | 2 | 3,
  { withLargeFile = true }: StoryTreeOptions = {},
): void {
  const tree = openTree(root);
  const first = version === 1;
  writeFiles(tree, version);
  if (withLargeFile) writeLargeFile(tree, first);
  writeMetadataOnlyChanges(tree, first);
  writeLinks(tree, first);
  writeNodes(tree);
  writeAwkwardNames(tree);
  writeTypeChanges(tree, first);
  tree.finish();
}

function writeFiles(tree: TreeWriter, version: number): void {
  tree.directory('', { time: [1_200_000_000 + version, 0] });
  tree.file('etc/hostname', `machine-${Math.min(version, 2)}\n`);
  tree.file('etc/issue', `release ${version}\n`);
  tree.file('etc/same', 'the same in every version\n', { time: [1_300_000_000, 123_456_789] });
  tree.file('etc/empty', '');
  // An ordinary user could not even publish a file that nobody may read.
  tree.file('etc/shadow', 'secret\n', { mode: isRoot ? 0o000 : 0o400 });
  tree.file(version === 1 ? 'etc/old-only' : 'etc/new-only', 'comes or goes\n');
  tree.file('usr/share/from-1969', 'before the beginning\n', { time: [-12_345, 500_000_000] });
  tree.file('usr/share/from-2100', 'after the end\n', { time: [4_102_444_800, 0] });
  tree.file(
    'usr/share/text',
    `${'a line that compresses well\n'.repeat(4000)}${version === 1 ? '' : 'more\n'}`,
  );
  for (let number = 0; number < 40; number += 1)
    tree.file(`usr/share/many/${number}`, noise(`many ${number}`, 1000 + number * 37));
  tree.sparse('usr/lib/sparse.img', 4 * 1024 * 1024, 'data in the middle');
  tree.directory('var/empty', { mode: 0o700 });
  tree.directory('tmp', { mode: 0o1777 });
  tree.directory('srv/shared', { mode: 0o2775, ...owner(0, 50) });
  tree.directory('srv/read-only', { mode: 0o555 });
  tree.file('srv/read-only/file', 'in a directory that nobody may write to\n', { mode: 0o444 });
}

function writeLargeFile(tree: TreeWriter, first: boolean): void {
  const large = noise('large', 3 * 1024 * 1024);
  if (!first) noise('middle', 5000).copy(large, 1_500_000);
  tree.file(largeFile, large);
}

/** The three kinds of change in which content is not touched, and an inode must not be shared. */
function writeMetadataOnlyChanges(tree: TreeWriter, first: boolean): void {
  tree.file('changes/only-time', 'time\n', { time: first ? usualTime : [1_194_004_800, 1] });
  tree.file('changes/only-mode', 'mode\n', { mode: first ? 0o644 : 0o600 });
  tree.file('changes/only-owner', 'owner\n', owner(first ? 1234 : 4321, 5678));
  tree.file('changes/only-attribute', 'attribute\n', { xattrs: { 'user.note': first ? 'one' : 'two' } });
  tree.file('changes/gains-capability', 'gains\n', first ? { mode: 0o755 } : capable(mayOpenRawSockets));
  tree.file('changes/loses-capability', 'loses\n', first ? capable(mayOpenRawSockets) : { mode: 0o755 });
  tree.file('changes/other-capability', 'other\n', capable(first ? mayOpenRawSockets : maySetGroup));
  tree.file('usr/bin/capable', 'stays capable\n', capable(mayOpenRawSockets));
  tree.file('usr/bin/setuid', 'setuid\n', { mode: 0o4755 });
  tree.file('usr/bin/setgid', 'setgid\n', { mode: 0o2755, ...owner(0, 50) });
  tree.file('usr/share/noted', 'has attributes\n', { xattrs: { 'user.a': 'x\0y\n', 'user.b': '' } });
  tree.file('usr/share/listed', 'has a list\n', {
    mode: 0o640,
    xattrs: { 'system.posix_acl_access': accessList },
  });
  tree.directory('usr/share/listing', { mode: 0o750, xattrs: { 'system.posix_acl_default': accessList } });
}

function writeLinks(tree: TreeWriter, first: boolean): void {
  tree.symlink('links/relative', '../etc/hostname');
  tree.symlink('links/absolute', '/etc/hostname', { time: [1_400_000_000, 999_999_999] });
  tree.symlink('links/dangling', first ? 'nowhere' : 'nowhere/else');
  tree.symlink('links/not-utf-8', 'caf\xe9');
  tree.symlink('links/trailing-slash', '../etc/');
  tree.file('groups/same-a', 'a group that stays\n');
  tree.link('groups/same-b', 'groups/same-a');
  tree.link('usr/share/same-c', 'groups/same-a');
  tree.file('groups/splits-a', 'a group that splits\n');
  tree.link('groups/splits-b', 'groups/splits-a');
  if (first) tree.link('groups/splits-c', 'groups/splits-a');
  else tree.file('groups/splits-c', 'a group that splits\n');
  tree.file('groups/joins-a', 'two that join\n');
  if (first) tree.file('groups/joins-b', 'two that join\n');
  else tree.link('groups/joins-b', 'groups/joins-a');
  tree.file('groups/grows-a', noise('grows', 2000));
  if (!first) tree.link('groups/grows-b', 'groups/grows-a');
  tree.symlink('groups/link-a', 'a symlink with two names');
  tree.link('groups/link-b', 'groups/link-a');
}

function writeNodes(tree: TreeWriter): void {
  tree.node('run/fifo', 'fifo', 0, 0, { mode: 0o620 });
  if (!isRoot) return;
  tree.node('dev/null', 'char', 1, 3, { mode: 0o666 });
  tree.node('dev/disk', 'block', 259, 300, { mode: 0o660, ...owner(0, 6) });
}

function writeAwkwardNames(tree: TreeWriter): void {
  tree.file('names/caf\xe9', 'latin 1\n');
  tree.file('names/caf\xc3\xa9', 'UTF-8\n');
  tree.file('names/line\nfeed', 'a line feed\n');
  tree.file('names/"quoted" \\ and spaced ', 'quotes\n');
  tree.file('names/-rf', 'looks like an option\n');
  tree.file(`names/${longName('d')}/${longName('e')}/${longName('f')}`, 'over 300 bytes\n');
  tree.file(`names/${'n'.repeat(255)}`, 'the longest name\n');
}

function writeTypeChanges(tree: TreeWriter, first: boolean): void {
  if (first) {
    tree.file('types/file-to-link', 'file\n');
    tree.file('types/file-to-directory', 'file\n');
    tree.file('types/directory-to-file/inside', 'inside\n');
    tree.symlink('types/link-to-directory', 'file-to-link');
  } else {
    tree.symlink('types/file-to-link', 'directory-to-file');
    tree.file('types/file-to-directory/inside', 'inside\n');
    tree.file('types/directory-to-file', 'file\n');
    tree.directory('types/link-to-directory');
  }
}

/** Content that no compression makes smaller, and the same for the same word. */
export function noise(word: string, length: number): Buffer {
  const key = Buffer.alloc(16);
  key.write(word.slice(-16), 'latin1');
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

type TreeWriter = ReturnType<typeof openTree>;

/** Makes paths (latin1 text) below a root, parents as needed; `finish` gives directories modes and times. */
function openTree(root: string) {
  const directories = new Map<string, Attributes>();
  const at = (path: string) =>
    path === '' ? Buffer.from(root) : Buffer.concat([Buffer.from(`${root}/`), bytesOf(path as ByteString)]);
  const directory = (path: string, attributes: Attributes = {}): void => {
    const known = directories.get(path);
    if (known === undefined) {
      if (path !== '') addParents(path);
      mkdirSync(at(path), { recursive: true });
    }
    directories.set(path, { ...known, ...attributes });
  };
  const addParents = (path: string) => {
    const parent = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
    if (!directories.has(parent)) directory(parent);
  };
  const file = (path: string, content: string | Buffer, attributes?: Attributes) => {
    addParents(path);
    writeFileSync(at(path), content, { flag: 'wx' });
    apply(at(path), 0o644, attributes);
  };
  return {
    directory,
    file,
    /** A hole, a few bytes, a hole. */
    sparse(path: string, size: number, data: string): void {
      addParents(path);
      const fd = openSync(at(path), 'wx');
      ftruncateSync(fd, size);
      writeSync(fd, data, size / 2);
      closeSync(fd);
      apply(at(path), 0o644);
    },
    symlink(path: string, target: string, attributes?: Attributes): void {
      addParents(path);
      symlinkSync(Buffer.from(target, 'latin1'), at(path));
      apply(at(path), undefined, attributes);
    },
    link(path: string, target: string): void {
      addParents(path);
      linkSync(at(target), at(path));
    },
    node(
      path: string,
      type: 'fifo' | 'char' | 'block',
      major: number,
      minor: number,
      attributes: Attributes,
    ) {
      addParents(path);
      makeNode(at(path), type, 0o600, major, minor);
      apply(at(path), 0o600, attributes);
    },
    /** Children first, so that nothing touches a directory after it has its time. */
    finish(): void {
      for (const [path, attributes] of [...directories].sort(([one], [other]) => other.length - one.length))
        apply(at(path), 0o755, attributes);
    },
  };
}

/** In the order that the kernel asks for: a change of owner takes set-id bits and capabilities away. */
function apply(path: Buffer, usualMode: number | undefined, attributes: Attributes = {}): void {
  const { mode = usualMode, owner: [uid, gid] = [-1, -1], time = usualTime, xattrs = {} } = attributes;
  if (uid >= 0) lchownSync(path, uid, gid);
  if (mode !== undefined) chmodSync(path, mode);
  for (const [name, value] of Object.entries(xattrs))
    setXattr(path, byteStringFromText(name), value as ByteString);
  setTimes(path, time);
}

function owner(uid: number, gid: number): Attributes {
  return isRoot ? { owner: [uid, gid] } : {};
}

function capable(value: string): Attributes {
  return { mode: 0o755, ...(isRoot ? { xattrs: { 'security.capability': value } } : {}) };
}

function capability(permitted: number): string {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt32LE(0x02000001, 0);
  bytes.writeUInt32LE(permitted, 4);
  return bytes.toString('latin1');
}

function acl(entries: readonly (readonly [tag: number, permissions: number, id: number])[]): string {
  const bytes = Buffer.alloc(4 + entries.length * 8);
  bytes.writeUInt32LE(2, 0);
  for (const [number, [tag, permissions, id]] of entries.entries()) {
    bytes.writeUInt16LE(tag, 4 + number * 8);
    bytes.writeUInt16LE(permissions, 6 + number * 8);
    bytes.writeInt32LE(id, 8 + number * 8);
  }
  return bytes.toString('latin1');
}
