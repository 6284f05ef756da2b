import { hash } from 'node:crypto';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { type ByteString, byteStringFromText } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { contentsLimit } from '../build/entry-rules.ts';
import {
  type ContentsEntry,
  contentsType,
  parseContents,
  serialiseContents,
} from '../formats/olpc-contents.ts';
import { withSystemErrors } from '../os/system-error.ts';

/**
 * The bytes of a manifest, whatever its type. Throws `contents-file-missing`, `rsync-contents-too-large` and what
 * reading throws.
 */
export function readContentsFile(path: string): Uint8Array {
  return withSystemErrors('read', path, () => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isFile() !== true) throw new SatchelError('contents-file-missing', { path });
    if (found.size > contentsLimit)
      throw new SatchelError('rsync-contents-too-large', { place: path, limit: contentsLimit });
    return readFileSync(path);
  });
}

/** Throws `contents-tree-missing` unless there is such a directory. */
export function requireTree(path: string): void {
  const found = withSystemErrors('stat', path, () => statSync(path, { throwIfNoEntry: false }));
  if (found?.isDirectory() !== true) throw new SatchelError('contents-tree-missing', { path });
}

/** The hash that names a build in the old protocol: SHA-256 of the manifest's bytes. */
export function contentsHash(bytes: Uint8Array): Sha256 {
  return hash('sha256', bytes) as Sha256;
}

/**
 * The paths in a tree that a manifest has itself, its signature and its name, when it lies inside the tree: they are no
 * part of what it describes. Empty when it lies elsewhere.
 */
export function ownPaths(tree: string, file: string): ByteString[] {
  const folder = withSystemErrors('realpath', file, () => realpathSync(dirname(file)));
  const top = withSystemErrors('realpath', tree, () => realpathSync(tree));
  const path = relative(top, join(folder, basename(file)));
  if (path.startsWith('..') || isAbsolute(path)) return [];
  return ['', '.sig', '.name'].map((ending) => byteStringFromText(`${path}${ending}`));
}

/** The entries of a manifest of our own type. Throws `contents-opaque` for any other, and what `parseContents` throws. */
export function entriesOfContents(path: string, bytes: Uint8Array): ContentsEntry[] {
  if (contentsType(bytes) === 'opaque') throw new SatchelError('contents-opaque', { path });
  return parseContents(bytes);
}

/**
 * The one right form of a manifest of our own type that somebody has edited: no white space, keys in their order,
 * entries in byte order of their paths, each once. What it says must be right all the same. Throws `contents-opaque`,
 * and what `parseContents` throws.
 */
export function cleanContents(path: string, bytes: Uint8Array): { bytes: Uint8Array; entries: number } {
  const entries = looseEntries(bytes);
  if (entries === undefined) throw new SatchelError('contents-opaque', { path });
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  const sorted = [...byPath.keys()].sort().map((name) => byPath.get(name)!);
  const clean = serialiseContents(sorted);
  return { bytes: clean, entries: parseContents(clean).length };
}

/** What any JSON reader makes of it; the fields are checked when the result is parsed. Undefined when it is not ours. */
function looseEntries(bytes: Uint8Array): ContentsEntry[] | undefined {
  let value: unknown;
  try {
    // Strings are bytes, so the text is read as such.
    value = JSON.parse(withEscapes(Buffer.from(bytes).toString('latin1')));
  } catch {
    return undefined;
  }
  const [type, , data] = Array.isArray(value) ? (value as unknown[]) : [];
  if (type !== 'olpc-contents-x' || typeof data !== 'object' || data === null) return undefined;
  const { entries } = data as { entries?: unknown };
  if (!Array.isArray(entries) || !entries.every((entry) => typeof entry === 'object' && entry !== null))
    return undefined;
  return entries.map(looseEntry);
}

/** Canonical JSON has control characters in strings as they are, which other readers refuse. */
function withEscapes(text: string): string {
  const code = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return text.replace(/"(?:[^"\\]|\\.)*"/gs, (string) => string.replace(/[\x00-\x1f]/g, code));
}

function looseEntry(fields: Readonly<Record<string, unknown>>): ContentsEntry {
  const { major, minor, mtime, nanoseconds = 0, ...rest } = fields;
  return {
    ...(rest as unknown as ContentsEntry),
    path: String(fields.path) as ByteString,
    mtime: [Number(mtime), Number(nanoseconds)],
    ...(major === undefined ? {} : { device: [Number(major), Number(minor)] as const }),
  };
}
