import { type ByteString, bytesOf, textOf } from '../base/byte-string.ts';
import type { Chunk, IndexEntry, InodeEntry, Xattr } from './entry.ts';

/** The line of an index for one entry, without its line feed. Keys always stand in the order written here. */
export function indexLine(entry: IndexEntry): string {
  const start = `{${named('path', entry.path)},"type":"${entry.type}"`;
  if (entry.type === 'hardlink') return `${start},${named('link', entry.link)}}`;
  return `${start}${inodeFields(entry)}${typeFields(entry)}${xattrsField(entry.xattrs)}}`;
}

/** A byte string as `"key":"text"`, or as `"key64":"base64"` when it is not valid UTF-8. */
function named(key: string, value: ByteString): string {
  const text = textOf(value);
  if (text !== undefined) return `"${key}":${JSON.stringify(text)}`;
  return `"${key}64":"${bytesOf(value).toString('base64')}"`;
}

function inodeFields(entry: InodeEntry): string {
  const user = entry.user === undefined ? '' : `,${named('user', entry.user)}`;
  const group = entry.group === undefined ? '' : `,${named('group', entry.group)}`;
  const [seconds, nanoseconds] = entry.mtime;
  return `,"mode":${entry.mode},"uid":${entry.uid},"gid":${entry.gid}${user}${group},"mtime":[${seconds},${nanoseconds}]`;
}

function typeFields(entry: InodeEntry): string {
  switch (entry.type) {
    case 'file':
      return `,"size":${entry.size},"sha256":"${entry.sha256}"${chunksField(entry.chunks)}`;
    case 'symlink':
      return `,${named('target', entry.target)}`;
    case 'char':
    case 'block':
      return `,"device":[${entry.device[0]},${entry.device[1]}]`;
    default:
      return '';
  }
}

function chunksField(chunks: readonly Chunk[] | undefined): string {
  if (chunks === undefined) return '';
  return `,"chunks":[${chunks.map(({ sha256, size }) => `["${sha256}",${size}]`).join(',')}]`;
}

function xattrsField(xattrs: readonly Xattr[]): string {
  if (xattrs.length === 0) return '';
  return `,"xattrs":[${xattrs.map(({ name, value }) => `{${named('name', name)},${named('value', value)}}`).join(',')}]`;
}
