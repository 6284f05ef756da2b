import { type ByteString, textOf } from '../base/byte-string.ts';
import { aclToText } from './posix-acl.ts';
import { blockSize, numberFields } from './tar-header.ts';
import type { TarType } from './tar-member.ts';
import { paxRecord } from './tar-pax.ts';
import type { TarXattr } from './tar-xattrs.ts';

/** A member to write. Paths as {@link readTar} gives them; everything absent is empty. */
export type TarWriterMember = {
  readonly path: ByteString;
  readonly type: TarType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly user?: ByteString;
  readonly group?: ByteString;
  readonly mtime: readonly [seconds: number, nanoseconds: number];
  /** Length of a file's content; 0 for everything else. */
  readonly size: number;
  readonly link?: ByteString;
  readonly device?: readonly [major: number, minor: number];
  readonly xattrs: readonly TarXattr[];
};

/**
 * The header of a member: a ustar block, and before it a pax header for all that does not fit one. GNU tar extracts
 * exactly this member from it with `-xp --numeric-owner --xattrs --xattrs-include='*' --acls`. The content follows,
 * then {@link tarPadding}. The same member always gives the same bytes.
 */
export function tarHeader(member: TarWriterMember): Uint8Array {
  const records = paxRecordsOf(member);
  const block = headerBlock(member);
  if (records.length === 0) return block;
  const size = records.reduce((sum, record) => sum + record.length, 0);
  const name = `PaxHeaders/${member.path.slice(member.path.lastIndexOf('/') + 1)}`.slice(0, 99) as ByteString;
  const extension = headerBlock(
    { path: name, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: [0, 0], size, xattrs: [] },
    'x',
  );
  return Buffer.concat([extension, ...records, tarPadding(size), block]);
}

/** The zero bytes that fill the last block of a content of so many bytes. */
export function tarPadding(size: number): Uint8Array {
  return new Uint8Array((blockSize - (size % blockSize)) % blockSize);
}

/** The end marker: two blocks of zeros, after the last member. */
export function tarEnd(): Uint8Array {
  return new Uint8Array(2 * blockSize);
}

const flags: Readonly<Record<TarType, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};

/** Largest numbers of 7 and 11 octal digits. */
const shortNumber = 0o7777777;
const longNumber = 0o77777777777;

/** The name as it stands in the archive: directories end in a slash, the root is `./`. */
function archiveName({ path, type }: TarWriterMember): string {
  if (path === '') return './';
  return type === 'directory' ? `${path}/` : path;
}

function paxRecordsOf(member: TarWriterMember): Buffer[] {
  const records: Buffer[] = [];
  const add = (keyword: string, value: string | number) => records.push(paxRecord(keyword, String(value)));
  const { uid, gid, user, group, size, link, device } = member;
  const [seconds, nanoseconds] = member.mtime;
  const name = archiveName(member);
  if (name.length > 100) add('path', name);
  if (link !== undefined && link.length > 100) add('linkpath', link);
  if (uid > shortNumber) add('uid', uid);
  if (gid > shortNumber) add('gid', gid);
  if (user !== undefined && user.length > 31) add('uname', user);
  if (group !== undefined && group.length > 31) add('gname', group);
  if (size > longNumber) add('size', size);
  if (nanoseconds !== 0 || seconds < 0 || seconds > longNumber) add('mtime', paxTimeText(member.mtime));
  if (device !== undefined && device[0] > shortNumber) add('SCHILY.devmajor', device[0]);
  if (device !== undefined && device[1] > shortNumber) add('SCHILY.devminor', device[1]);
  for (const xattr of member.xattrs) records.push(xattrRecord(xattr));
  if (records.length > 0 && textOf(`${name}${link ?? ''}` as ByteString) === undefined) {
    // POSIX: without this record, names in pax headers are UTF-8.
    records.unshift(paxRecord('hdrcharset', 'BINARY'));
  }
  return records;
}

/** `-1.5` for [-2, 500000000]. */
function paxTimeText([seconds, nanoseconds]: readonly [number, number]): string {
  if (nanoseconds === 0) return String(seconds);
  const isBelowZero = seconds < 0;
  const whole = isBelowZero ? -(seconds + 1) : seconds;
  const fraction = isBelowZero ? 1_000_000_000 - nanoseconds : nanoseconds;
  const digits = String(fraction).padStart(9, '0').replace(/0+$/, '');
  return `${isBelowZero ? '-' : ''}${whole}.${digits}`;
}

/** ACLs go as text, because GNU tar sets them from nothing else; other attributes raw. */
function xattrRecord({ name, value }: TarXattr): Buffer {
  for (const kind of ['access', 'default'] as const) {
    const acl = name === `system.posix_acl_${kind}` ? aclToText(value, kind) : undefined;
    if (acl !== undefined) return paxRecord(`SCHILY.acl.${kind}`, acl);
  }
  const escaped = name.replace(/%/g, '%25').replace(/=/g, '%3D');
  return paxRecord(`SCHILY.xattr.${escaped}`, value);
}

function headerBlock(member: TarWriterMember, flag = flags[member.type]): Buffer {
  const block = Buffer.alloc(blockSize);
  const text = (value: string, offset: number, length: number) =>
    block.write(value.slice(0, length), offset, 'latin1');
  const number = (field: keyof typeof numberFields, value: number) => {
    const [offset, length] = numberFields[field];
    const largest = length === 8 ? shortNumber : longNumber;
    // What does not fit stands in the pax header; zero here is what its readers expect.
    const fitting = value < 0 || value > largest ? 0 : value;
    block.write(fitting.toString(8).padStart(length - 1, '0'), offset, 'latin1');
  };
  text(archiveName(member), 0, 100);
  number('mode', member.mode);
  number('uid', member.uid);
  number('gid', member.gid);
  number('size', member.size);
  number('mtime', member.mtime[0]);
  block.fill(0x20, 148, 156);
  text(flag, 156, 1);
  text(member.link ?? '', 157, 100);
  text('ustar\x0000', 257, 8);
  text(member.user ?? '', 265, 31);
  text(member.group ?? '', 297, 31);
  number('major', member.device?.[0] ?? 0);
  number('minor', member.device?.[1] ?? 0);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** The whole archive of members that are in memory, for tests and small archives. */
export function tarArchive(members: readonly (TarWriterMember & { readonly bytes?: Uint8Array })[]): Buffer {
  const pieces: Uint8Array[] = [];
  for (const member of members) {
    const bytes = member.bytes ?? new Uint8Array(0);
    pieces.push(tarHeader({ ...member, size: bytes.length }), bytes, tarPadding(bytes.length));
  }
  return Buffer.concat([...pieces, tarEnd()]);
}
