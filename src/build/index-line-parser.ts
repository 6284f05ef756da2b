import { type ByteString, byteString, byteStringFromText, displayOf, isAscii } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import { isSha256, type Sha256 } from '../base/identifiers.ts';
import {
  type Chunk,
  chunkingLimit,
  type FileEntry,
  type IndexEntry,
  type Inode,
  type Xattr,
} from './entry.ts';
import {
  areCanonicalXattrs,
  emptySha256,
  isDeviceNumber,
  isModificationTime,
  isOwnerName,
  isOwnerNumber,
  isSymlinkTarget,
  isTreePath,
} from './entry-rules.ts';

/** What JSON gave for one line: nothing about it is believed yet. */
type Line = { readonly fields: Readonly<Record<string, unknown>>; readonly number: number };

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/**
 * The entry that one line of an index describes, every field checked by itself (not against other lines, and
 * not for being canonical: {@link parseIndex} does both). Throws `index-line-not-canonical`,
 * `index-field-wrong`, `index-path-wrong`, `index-chunks-wrong`.
 */
export function parseIndexLine(text: string, number: number): IndexEntry {
  const line: Line = { fields: parseObject(text, number), number };
  const path = readPath(line, 'path');
  const { type } = line.fields;
  switch (type) {
    case 'hardlink':
      return { type, path, link: readPath(line, 'link') };
    case 'directory':
    case 'fifo':
      return { type, ...readInode(line, path) };
    case 'file':
      return readFile(line, path);
    case 'symlink': {
      const target = readBytes(line.fields, 'target');
      if (target === undefined || !isSymlinkTarget(target)) throw wrong(line, 'target');
      return { type, ...readInode(line, path), target };
    }
    case 'char':
    case 'block':
      return { type, ...readInode(line, path), device: readDevice(line) };
    default:
      throw wrong(line, 'type');
  }
}

function parseObject(text: string, number: number): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SatchelError('index-line-not-canonical', { line: number }, { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SatchelError('index-line-not-canonical', { line: number });
  return value as Record<string, unknown>;
}

function wrong(line: Line, field: string): SatchelError {
  return new SatchelError('index-field-wrong', { line: line.number, field });
}

/** `key` as text or `key64` as base64; undefined when neither is a string. Both at once cannot be canonical. */
function readBytes(fields: Readonly<Record<string, unknown>>, key: string): ByteString | undefined {
  const text = fields[key];
  if (typeof text === 'string') return isAscii(text) ? (text as ByteString) : byteStringFromText(text);
  const base64 = fields[`${key}64`];
  return typeof base64 === 'string' ? byteString(Buffer.from(base64, 'base64')) : undefined;
}

function readPath(line: Line, key: string): ByteString {
  const path = readBytes(line.fields, key);
  if (path === undefined) throw wrong(line, key);
  if (!isTreePath(path))
    throw new SatchelError('index-path-wrong', { line: line.number, path: displayOf(path) });
  return path;
}

function readInode(line: Line, path: ByteString): Inode {
  const { mode, uid, gid, mtime } = line.fields;
  if (typeof mode !== 'number' || !Number.isInteger(mode) || mode < 0 || mode > 0o7777)
    throw wrong(line, 'mode');
  if (!isOwnerNumber(uid)) throw wrong(line, 'uid');
  if (!isOwnerNumber(gid)) throw wrong(line, 'gid');
  if (!isModificationTime(mtime)) throw wrong(line, 'mtime');
  const inode: Mutable<Inode> = { path, mode, uid, gid, mtime, xattrs: readXattrs(line) };
  const user = readOwnerName(line, 'user');
  if (user !== undefined) inode.user = user;
  const group = readOwnerName(line, 'group');
  if (group !== undefined) inode.group = group;
  return inode;
}

function readOwnerName(line: Line, key: 'user' | 'group'): ByteString | undefined {
  const name = readBytes(line.fields, key);
  if (name !== undefined && !isOwnerName(name)) throw wrong(line, key);
  return name;
}

const noXattrs: readonly Xattr[] = [];

function readXattrs(line: Line): readonly Xattr[] {
  const list = line.fields.xattrs;
  if (list === undefined) return noXattrs;
  if (!Array.isArray(list)) throw wrong(line, 'xattrs');
  const xattrs = list.map((item: unknown): Xattr => {
    if (typeof item !== 'object' || item === null) throw wrong(line, 'xattrs');
    const name = readBytes(item as Record<string, unknown>, 'name');
    const value = readBytes(item as Record<string, unknown>, 'value');
    if (name === undefined || value === undefined) throw wrong(line, 'xattrs');
    return { name, value };
  });
  if (!areCanonicalXattrs(xattrs)) throw wrong(line, 'xattrs');
  return xattrs;
}

function readDevice(line: Line): readonly [number, number] {
  const { device } = line.fields;
  if (!Array.isArray(device) || device.length !== 2) throw wrong(line, 'device');
  const [major, minor] = device as unknown[];
  if (!isDeviceNumber(major) || !isDeviceNumber(minor)) throw wrong(line, 'device');
  return [major, minor];
}

function readFile(line: Line, path: ByteString): FileEntry {
  const { size, chunks } = line.fields;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw wrong(line, 'size');
  const sha256 = readSha256(line.fields.sha256);
  if (sha256 === undefined || (size === 0) !== (sha256 === emptySha256)) throw wrong(line, 'sha256');
  const inode = readInode(line, path);
  if (chunks === undefined && size <= chunkingLimit) return { type: 'file', ...inode, size, sha256 };
  return { type: 'file', ...inode, size, sha256, chunks: readChunks(line, path, size) };
}

function readSha256(value: unknown): Sha256 | undefined {
  return typeof value === 'string' && isSha256(value) ? value : undefined;
}

/** Chunks stand exactly at files above the limit, none is empty or larger than it, and they add up. */
function readChunks(line: Line, path: ByteString, size: number): readonly Chunk[] {
  const list = line.fields.chunks;
  const problem = () => new SatchelError('index-chunks-wrong', { line: line.number, path: displayOf(path) });
  if (size <= chunkingLimit || !Array.isArray(list)) throw problem();
  let sum = 0;
  const chunks = list.map((item: unknown): Chunk => {
    if (!Array.isArray(item) || item.length !== 2) throw problem();
    const [hash, length] = item as unknown[];
    const sha256 = readSha256(hash);
    if (sha256 === undefined || typeof length !== 'number' || !Number.isInteger(length)) throw problem();
    if (length < 1 || length > chunkingLimit) throw problem();
    sum += length;
    return { sha256, size: length };
  });
  if (sum !== size) throw problem();
  return chunks;
}
