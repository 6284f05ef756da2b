import { type ByteString, bytesOf, displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { IndexEntry, InodeEntry } from '../build/entry.ts';
import type { EntryList } from '../build/index-table.ts';
import { inodeOf, linkGroupsOf } from '../build/link-groups.ts';
import type { BuildRecord } from './records.ts';

/**
 * The list of a build for machines with a shell only: header lines `name value`, then one line an entry in byte order
 * of the paths, fields separated by a tab: path, type, mode, uid, gid, size, modification time, content, link,
 * extended attributes. See docs/formats.md.
 * Throws `lite-path-left-out` for a name or target with a control character, which plain lines cannot hold, and
 * `lite-attribute-left-out` for an attribute that a list cannot name or rsync cannot carry.
 */
export function liteListText(build: ListedBuild, entries: EntryList): Buffer {
  const { name, index, sequence, contents, tree } = build;
  const groups = linkGroupsOf(entries);
  const lines: string[] = [];
  let withAttributes = 0;
  for (const entry of entries) {
    const inode = inodeOf(entry, groups);
    if (inode.xattrs.length > 0) withAttributes += 1;
    lines.push(`${entryLine(entry, inode, build)}\n`);
  }
  const header = [
    'satchel-lite 1 tree',
    `build ${name}`,
    `index ${index.sha256}`,
    `sequence ${sequence}`,
    `contents ${contents.sha256} ${contents.length}`,
    `entries ${tree.entries}`,
    `bytes ${tree.bytes}`,
    `attributes ${withAttributes}`,
  ];
  return Buffer.concat([
    Buffer.from(`${header.join('\n')}\n`, 'latin1'),
    ...lines.map((line) => Buffer.from(line, 'latin1')),
  ]);
}

/** What a list says of its build. */
export type ListedBuild = Pick<BuildRecord, 'name' | 'index' | 'sequence' | 'contents' | 'tree'>;

const typeLetters = { file: 'f', directory: 'd', symlink: 'l', char: 'c', block: 'b', fifo: 'p' } as const;

function entryLine(entry: IndexEntry, inode: InodeEntry, build: ListedBuild): string {
  const fields = [
    litePath(entry.path),
    typeLetters[inode.type],
    // Nobody can change the mode and (on old kernels) the times of a symlink.
    inode.type === 'symlink' ? '777' : inode.mode.toString(8),
    inode.uid,
    inode.gid,
    sizeOf(inode),
    inode.type === 'symlink' ? '-' : inode.mtime[0],
    contentOf(inode),
    entry.type === 'hardlink' ? litePath(entry.link) : '-',
    attributesOf(inode),
  ].map(String);
  const place = { path: displayOf(entry.path), build: build.name, stream: '' };
  if (inode.xattrs.some(({ name }) => isOddAttribute(name)))
    throw new SatchelError('lite-attribute-left-out', place);
  if (fields.some((field) => /[\x00-\x1f\x7f]/.test(field)))
    throw new SatchelError('lite-path-left-out', place);
  return fields.join('\t');
}

/**
 * True for what separates attributes in a line, for what `getfattr` writes in another way, and for the names that rsync
 * keeps to itself and carries nowhere.
 */
function isOddAttribute(name: string): boolean {
  return /[,=\\\x00-\x1f\x7f]/.test(name) || name.startsWith('user.rsync.%');
}

/** As `find .` names it. */
function litePath(path: ByteString): string {
  return path === '' ? '.' : `./${path}`;
}

function sizeOf(inode: InodeEntry): number | '-' {
  if (inode.type === 'file') return inode.size;
  return inode.type === 'symlink' ? inode.target.length : '-';
}

/** As `getfattr -e hex` tells them; labels of SELinux are the machine's own. */
function attributesOf({ xattrs }: InodeEntry): string {
  const carried = xattrs.filter(({ name }) => name !== 'security.selinux');
  if (carried.length === 0) return '-';
  return carried.map(({ name, value }) => `${name}=0x${bytesOf(value).toString('hex')}`).join(',');
}

function contentOf(inode: InodeEntry): string {
  switch (inode.type) {
    case 'file':
      return inode.sha256;
    case 'symlink':
      return inode.target;
    case 'char':
    case 'block':
      return inode.device.join(',');
    default:
      return '-';
  }
}
