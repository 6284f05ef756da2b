import { type ByteString, displayOf, textOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import { isSha256, type Sha256 } from '../base/identifiers.ts';
import { type CanonicalValue, parseCanonicalJson } from './canonical-json.ts';

/** One path of a contents manifest. A further name of a hard-linked file is listed like the first, with its content. */
export type ContentsEntry = {
  /** Relative, the root directory is ''. The bytes of the tree, not normalised: two names may differ in nothing else. */
  readonly path: ByteString;
  /** File, directory, symbolic link, character device, block device, fifo ("pipe"). */
  readonly type: 'f' | 'd' | 'l' | 'c' | 'b' | 'p';
  /** Permission bits with setuid, setgid and sticky: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly user?: ByteString;
  readonly group?: ByteString;
  /** Seconds since 1970 (may be negative) and nanoseconds (0 to 999 999 999). */
  readonly mtime: readonly [seconds: number, nanoseconds: number];
  /** Of files only. */
  readonly size?: number;
  readonly sha256?: Sha256;
  /** Target of a symbolic link. */
  readonly link?: ByteString;
  /** Of devices only. */
  readonly device?: readonly [major: number, minor: number];
};

/** What kind of manifest some bytes are: ours, or one that is carried without being understood. */
export type ContentsType = 'olpc-contents-x' | 'opaque';

/**
 * The type name in the envelope. The original's name is not known, so ours cannot be taken for it: an
 * original client sees a type that it does not know.
 */
const typeName = 'olpc-contents-x';
const start = `["${typeName}",`;
const version = 1;

/** Tells our manifests from all others by the first bytes. */
export function contentsType(bytes: Uint8Array): ContentsType {
  const first = Buffer.from(bytes.subarray(0, start.length)).toString('latin1');
  return first === start ? typeName : 'opaque';
}

const blockCharacters = 256 * 1024;

/**
 * The manifest of a tree: canonical JSON `["olpc-contents-x",1,{"entries":[…]}]`, one entry a path in byte order with
 * the fields gid, group, link, major, minor, mode, mtime, nanoseconds (when not 0), path, sha256, size, type, uid,
 * user, as far as they apply. Strings are bytes. The entries come in that order already, and are not kept.
 */
export function serialiseContents(entries: Iterable<ContentsEntry>): Buffer {
  const blocks: Buffer[] = [];
  let block = `${start}${version},{"entries":[`;
  let separator = '';
  for (const entry of entries) {
    block += `${separator}${entryText(entry)}`;
    separator = ',';
    if (block.length < blockCharacters) continue;
    blocks.push(Buffer.from(block, 'latin1'));
    block = '';
  }
  blocks.push(Buffer.from(`${block}]}]`, 'latin1'));
  return Buffer.concat(blocks);
}

/** One entry in canonical JSON, written out by hand: a device makes tens of thousands of them in every update. */
function entryText(entry: ContentsEntry): string {
  const { gid, group, link, device, mode, mtime, path, sha256, size, type, uid, user } = entry;
  let text = `{"gid":${gid}`;
  if (group !== undefined) text += `,"group":${quoted(group)}`;
  if (link !== undefined) text += `,"link":${quoted(link)}`;
  if (device !== undefined) text += `,"major":${device[0]},"minor":${device[1]}`;
  text += `,"mode":${mode},"mtime":${mtime[0]}`;
  if (mtime[1] !== 0) text += `,"nanoseconds":${mtime[1]}`;
  text += `,"path":${quoted(path)}`;
  if (sha256 !== undefined) text += `,"sha256":"${sha256}"`;
  if (size !== undefined) text += `,"size":${size}`;
  text += `,"type":"${type}","uid":${uid}`;
  if (user !== undefined) text += `,"user":${quoted(user)}`;
  return `${text}}`;
}

function quoted(value: ByteString): string {
  return `"${/["\\]/.test(value) ? value.replace(/["\\]/g, '\\$&') : value}"`;
}

/**
 * Reads a manifest of our own type. Unknown fields, paths that repeat or are not sorted, and fields that do not belong
 * to the type are refused. Throws `canonical-json-invalid`, `contents-newer`, `contents-invalid`.
 */
export function parseContents(bytes: Uint8Array): ContentsEntry[] {
  const envelope = parseCanonicalJson(bytes, 'bytes');
  const whole = (field: string) => new SatchelError('contents-invalid', { number: 0, path: '', field });
  if (!Array.isArray(envelope) || envelope.length !== 3 || envelope[0] !== typeName) throw whole('type');
  if (typeof envelope[1] !== 'number') throw whole('version');
  if (envelope[1] !== version) throw new SatchelError('contents-newer', { version: envelope[1] });
  const data = asObject(envelope[2]);
  const list = data?.entries;
  if (data === undefined || Object.keys(data).length !== 1 || !Array.isArray(list)) throw whole('entries');
  const entries: ContentsEntry[] = [];
  let previous: string | undefined;
  for (const [index, value] of list.entries()) {
    const entry = parseEntry(value, index + 1);
    if (previous !== undefined && entry.path <= previous) throw invalidField(index + 1, entry.path, 'path');
    previous = entry.path;
    entries.push(entry);
  }
  return entries;
}

type Members = { readonly [key: string]: CanonicalValue };

function asObject(value: CanonicalValue | undefined): Members | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Members)
    : undefined;
}

function invalidField(number: number, path: string, field: string): SatchelError {
  const shown = displayOf(path.slice(0, 300) as ByteString);
  return new SatchelError('contents-invalid', { number, path: shown, field });
}

const common = ['path', 'type', 'mode', 'uid', 'gid', 'user', 'group', 'mtime', 'nanoseconds'];

/** Fields beside the common ones that a type must have. */
const fieldsOfType: ReadonlyMap<string, readonly string[]> = new Map([
  ['f', ['size', 'sha256']],
  ['d', []],
  ['l', ['link']],
  ['c', ['major', 'minor']],
  ['b', ['major', 'minor']],
  ['p', []],
]);

function parseEntry(value: CanonicalValue, number: number): ContentsEntry {
  const members = asObject(value);
  if (members === undefined) throw invalidField(number, '', 'entry');
  const path = typeof members.path === 'string' ? (members.path as ByteString) : undefined;
  if (path === undefined || path.includes('\0')) throw invalidField(number, '', 'path');
  const fail = (field: string): never => {
    throw invalidField(number, path, field);
  };
  const integer = (field: string, least: number, most: number): number => {
    const member = members[field];
    return typeof member === 'number' && member >= least && member <= most ? member : fail(field);
  };
  const bytes = (field: string): ByteString => {
    const member = members[field];
    return typeof member === 'string' && member !== '' && !member.includes('\0')
      ? (member as ByteString)
      : fail(field);
  };
  const type = typeof members.type === 'string' ? members.type : '';
  const own = fieldsOfType.get(type) ?? fail('type');
  const unknown = Object.keys(members).find((field) => !common.includes(field) && !own.includes(field));
  if (unknown !== undefined) fail(textOf(unknown as ByteString) ?? 'field');
  const has = (field: string) => own.includes(field);
  return {
    path,
    type: type as ContentsEntry['type'],
    mode: integer('mode', 0, 0o7777),
    uid: integer('uid', 0, 0xfffffffe),
    gid: integer('gid', 0, 0xfffffffe),
    ...(members.user === undefined ? {} : { user: bytes('user') }),
    ...(members.group === undefined ? {} : { group: bytes('group') }),
    mtime: [
      integer('mtime', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
      members.nanoseconds === undefined ? 0 : integer('nanoseconds', 1, 999_999_999),
    ],
    ...(has('size') ? { size: integer('size', 0, Number.MAX_SAFE_INTEGER) } : {}),
    ...(has('sha256') ? { sha256: hash(bytes('sha256')) ?? fail('sha256') } : {}),
    ...(has('link') ? { link: bytes('link') } : {}),
    ...(has('major') ? { device: [integer('major', 0, 0xffffffff), integer('minor', 0, 0xffffffff)] } : {}),
  };
}

function hash(value: string): Sha256 | undefined {
  return isSha256(value) ? value : undefined;
}
