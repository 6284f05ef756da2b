import { type ByteString, displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import { modeOfAcl } from './posix-acl.ts';
import {
  type HeaderFormat,
  headerFormat,
  headerGroup,
  headerLink,
  headerName,
  headerNumber,
  headerText,
  headerType,
  headerUser,
  type NumberField,
} from './tar-header.ts';
import { decimal, paxTime } from './tar-pax.ts';
import { accessAclName, type TarXattr, xattrsOf } from './tar-xattrs.ts';

/** What a member of an archive is. */
export type TarType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'char' | 'block' | 'fifo';

/** What a member's headers say of it, whoever wrote them and in whichever dialect. */
export type TarDescription = {
  /**
   * The name as in the archive, without leading `./` and trailing `/`; the root directory is ''. Nothing else is
   * judged: it may be absolute, hold `..`, or come twice.
   */
  readonly path: ByteString;
  readonly type: TarType;
  /** Permission bits with setuid, setgid and sticky, 0 to 0o7777, as they are once an access control list is set. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly user?: ByteString;
  readonly group?: ByteString;
  /** Seconds since 1970 (may be negative) and nanoseconds (0 to 999 999 999). */
  readonly mtime: readonly [seconds: number, nanoseconds: number];
  /** Target of a symbolic link, raw; of a hard link the other member's path, normalised as `path` is. */
  readonly link?: ByteString;
  /** Major and minor number of a device. */
  readonly device?: readonly [major: number, minor: number];
  /** Sorted by name in byte order, no name twice. ACLs and SELinux labels are here in the kernel's binary form. */
  readonly xattrs: readonly TarXattr[];
  /** Byte offset of the member's header in the uncompressed archive. */
  readonly position: number;
};

/** What extended headers before a member said about it. */
export type TarExtensions = {
  /** pax records of the member over those for the whole archive. */
  readonly records: ReadonlyMap<string, string>;
  /** GNU tar's long name and long link target (types 'L' and 'K'). */
  readonly longName?: string | undefined;
  readonly longLink?: string | undefined;
};

/** Longest path or link target in bytes: what Linux takes in one call (PATH_MAX without its zero byte). */
export const tarNameLimit = 4095;

/** The kernel's "no owner"; it and everything above is no owner at all. */
const ownerLimit = 0xffffffff;

const typeByFlag: Readonly<Record<string, TarType>> = {
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
  S: 'file',
};

/**
 * Reads a member's description from its header block and the extended headers before it.
 * Throws a sentence that names member and position for anything that cannot be carried exactly.
 */
export function describeMember(block: Buffer, position: number, extensions: TarExtensions): TarDescription {
  const { records, longName, longLink } = extensions;
  const format = headerFormat(block);
  const rawName = record(records, 'GNU.sparse.name') ?? record(records, 'path') ?? longName;
  const name = rawName ?? headerName(block, format);
  const member = displayOf(name.slice(0, 300) as ByteString);
  checkName(name, member, position);
  if (name === '') throw new SatchelError('archive-name-missing', { position });
  const field = { block, records, member, position };
  const type = typeOf(block, name, member, position);
  const uid = ownerNumber(field, 'uid');
  const gid = ownerNumber(field, 'gid');
  const user = ownerName(field, 'uname', headerUser(block, format));
  const group = ownerName(field, 'gname', headerGroup(block, format));
  const link = linkOf(field, type, longLink);
  const xattrs = xattrsOf(records, {
    member,
    position,
    ...(user === undefined ? {} : { user: [user, uid] }),
    ...(group === undefined ? {} : { group: [group, gid] }),
  });
  return {
    path: memberPath(name),
    type,
    mode: shownMode(number(field, 'mode') & 0o7777, xattrs),
    uid,
    gid,
    ...(user === undefined ? {} : { user }),
    ...(group === undefined ? {} : { group }),
    mtime: modificationTime(field),
    ...(link === undefined ? {} : { link }),
    ...(type === 'char' || type === 'block' ? { device: deviceNumbers(field, format) } : {}),
    xattrs,
    position,
  };
}

/** The mode that a file shows once it has its access control list. */
function shownMode(mode: number, xattrs: readonly TarXattr[]): number {
  const acl = xattrs.find(({ name }) => name === accessAclName);
  const shown = acl === undefined ? undefined : modeOfAcl(acl.value);
  return shown === undefined ? mode : (mode & 0o7000) | shown;
}

/** A member's name without leading `./` and trailing `/`, otherwise untouched: `./a/` is `a`, `./` is '', `/` is `/`. */
export function memberPath(name: string): ByteString {
  let path = name;
  if (path.startsWith('./')) path = path.replace(/^(?:\.\/+)+/, '');
  if (path === '.') path = '';
  while (path.length > 1 && path.endsWith('/')) path = path.slice(0, -1);
  return path as ByteString;
}

/** How many bytes the headers say follow in the archive. Throws `archive-number-invalid`. */
export function storedSize(
  block: Buffer,
  position: number,
  member: string,
  extensions?: TarExtensions,
): number {
  return number({ block, records: extensions?.records ?? noRecords, member, position }, 'size');
}

const noRecords: ReadonlyMap<string, string> = new Map();

type Field = {
  readonly block: Buffer;
  readonly records: ReadonlyMap<string, string>;
  readonly member: string;
  readonly position: number;
};

/** A pax value; an empty one stands for "none" (POSIX pax, extended header keywords). */
function record(records: ReadonlyMap<string, string>, keyword: string): string | undefined {
  return records.size === 0 ? undefined : records.get(keyword) || undefined;
}

function checkName(name: string, member: string, position: number): void {
  if (name.includes('\0')) throw new SatchelError('archive-name-with-nul', { member, position });
  if (name.length <= tarNameLimit) return;
  throw new SatchelError('archive-name-too-long', {
    member,
    position,
    size: name.length,
    limit: tarNameLimit,
  });
}

function typeOf(block: Buffer, name: string, member: string, position: number): TarType {
  const flag = headerType(block);
  const type = typeByFlag[flag];
  if (type === undefined) {
    // POSIX lets a reader take unknown types for files; a build must not turn something unknown into a file.
    const shown = displayOf(flag as ByteString);
    throw new SatchelError('archive-type-unsupported', { member, position, type: shown });
  }
  // Version 7 has no directories: a name with a closing slash is one.
  return type === 'file' && flag !== 'S' && name.endsWith('/') ? 'directory' : type;
}

function linkOf({ block, records, member, position }: Field, type: TarType, longLink?: string) {
  if (type !== 'symlink' && type !== 'hardlink') return undefined;
  const link = record(records, 'linkpath') ?? longLink ?? headerLink(block);
  if (link === '') throw new SatchelError('archive-link-missing', { member, position });
  checkName(link, member, position);
  return type === 'hardlink' ? memberPath(link) : (link as ByteString);
}

function invalidNumber({ member, position }: Field, field: string, value: string): SatchelError {
  const shown = displayOf(value.slice(0, 100) as ByteString);
  return new SatchelError('archive-number-invalid', { member, position, field, value: shown });
}

/** A number that is not negative, from the pax record of that keyword or else from the header. */
function number(field: Field, name: NumberField, keyword: string = name, header: NumberField = name): number {
  const text = record(field.records, keyword);
  const value = text === undefined ? headerNumber(field.block, header) : decimal(text);
  if (value === undefined || value < 0) {
    throw invalidNumber(field, keyword, text ?? headerText(field.block, header));
  }
  return value;
}

function ownerNumber(field: Field, name: 'uid' | 'gid'): number {
  const value = number(field, name);
  if (value >= ownerLimit) throw invalidNumber(field, name, String(value));
  return value;
}

function ownerName(field: Field, keyword: 'uname' | 'gname', fromHeader: string): ByteString | undefined {
  const name = field.records.get(keyword) ?? fromHeader;
  if (name.includes('\0')) throw invalidNumber(field, keyword, name);
  return name === '' ? undefined : (name as ByteString);
}

function modificationTime(field: Field): readonly [number, number] {
  const text = record(field.records, 'mtime');
  if (text === undefined) {
    const seconds = headerNumber(field.block, 'mtime');
    if (seconds === undefined) throw invalidNumber(field, 'mtime', headerText(field.block, 'mtime'));
    return [seconds, 0];
  }
  const time = paxTime(text);
  if (time === undefined) throw invalidNumber(field, 'mtime', text);
  return time;
}

function deviceNumbers(field: Field, format: HeaderFormat): readonly [number, number] {
  const major = number(field, 'major', 'SCHILY.devmajor');
  const minor = number(field, 'minor', 'SCHILY.devminor');
  if (format === 'v7' || major > ownerLimit || minor > ownerLimit) {
    throw invalidNumber(field, 'device', `${major},${minor}`);
  }
  return [major, minor];
}
