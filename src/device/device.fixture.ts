/** Devices in temporary folders, with versions made from a few lines: for the tests of this folder. */
import { hash } from 'node:crypto';
import { linkSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type ByteString, byteString, byteStringFromText, pathBelow } from '../base/byte-string.ts';
import { type BuildName, buildName, type Sha256 } from '../base/identifiers.ts';
import type { IndexEntry, InodeEntry, Xattr } from '../build/entry.ts';
import { serialiseIndex } from '../build/index-format.ts';
import { discard } from '../os/discard.testkit.ts';
import { applyMetadata, type Owed } from './apply-metadata.ts';
import { storeIndex, writeInstalled } from './installed.ts';
import { type DeviceLayout, initialiseDevice, ledgerFile, pristineTree } from './layout.ts';
import { ledgerOfTree, writeLedger } from './ledger.ts';
import { writeOwed } from './owed.ts';
import { makeInode } from './restore-inode.ts';

/** A temporary folder that goes with the test. */
export function temporaryFolder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'satchel-device-'));
  context.after(() => discard(path));
  return path;
}

/** An initialised device without versions. */
export function emptyDevice(context: TestContext): DeviceLayout {
  return initialiseDevice(join(temporaryFolder(context), 'root'));
}

/** One path of a version; what is left out has a sensible value and this user as owner. */
export type PathSpec =
  | string
  | { readonly directory: true; readonly mode?: number }
  | { readonly symlink: string }
  | { readonly link: string }
  | { readonly fifo: true }
  | { readonly device: readonly [number, number] }
  | {
      readonly content: string | Uint8Array;
      readonly mode?: number;
      readonly owner?: readonly [number, number];
      readonly time?: readonly [number, number];
      readonly xattrs?: Readonly<Record<string, string>>;
    };

/** A version that was installed on a device. */
export type InstalledFixture = {
  readonly name: BuildName;
  readonly tree: string;
  readonly entries: readonly IndexEntry[];
  readonly index: Sha256;
  /** Content of each file by its first path. */
  readonly contents: ReadonlyMap<ByteString, Uint8Array>;
  readonly owed: readonly Owed[];
};

/** Index entries, in order and with the root, from paths and their specs. */
export function entriesFrom(paths: Readonly<Record<string, PathSpec>>): {
  entries: IndexEntry[];
  contents: Map<ByteString, Uint8Array>;
} {
  const contents = new Map<ByteString, Uint8Array>();
  const entries = Object.entries({ '': { directory: true } as PathSpec, ...paths }).map(([path, spec]) =>
    entryFrom(byteStringFromText(path), spec, contents),
  );
  entries.sort((one, other) => (one.path < other.path ? -1 : 1));
  return { entries, contents };
}

/** Puts a version on the disk as an update would, with index, ledger and record. */
export async function installVersion(
  layout: DeviceLayout,
  name: string,
  paths: Readonly<Record<string, PathSpec>>,
): Promise<InstalledFixture> {
  const build = buildName(name);
  const { entries, contents } = entriesFrom(paths);
  const bytes = serialiseIndex(entries);
  const index = hash('sha256', bytes) as Sha256;
  const tree = pristineTree(layout, build);
  const owed = await makeTree(tree, entries, contents);
  storeIndex(layout, index, bytes);
  writeLedger(ledgerFile(layout, build), ledgerOfTree(tree, entries, index));
  writeOwed(layout, build, owed);
  const size = [...contents.values()].reduce((sum, content) => sum + content.length, 0);
  const installedAt = '2020-01-01T00:00:00.000Z';
  writeInstalled(layout, { name: build, index, installedAt, size, entries: entries.length });
  return { name: build, tree, entries, index, contents, owed };
}

async function makeTree(
  tree: string,
  entries: readonly IndexEntry[],
  contents: ReadonlyMap<ByteString, Uint8Array>,
): Promise<Owed[]> {
  const owed: Owed[] = [];
  for (const entry of entries) {
    const path = pathBelow(tree, entry.path);
    if (entry.type === 'directory') mkdirSync(path, 0o700);
    else if (entry.type === 'hardlink') linkSync(pathBelow(tree, entry.link), path);
    else if (entry.type === 'file') {
      writeFileSync(path, contents.get(entry.path)!, { mode: 0o600 });
      owed.push(...applyMetadata(path, entry));
    } else owed.push(...(await makeOne(path as string, entry)));
  }
  for (const entry of entries.toReversed())
    if (entry.type === 'directory') owed.push(...applyMetadata(pathBelow(tree, entry.path), entry));
  return owed;
}

async function makeOne(path: string, entry: InodeEntry): Promise<readonly Owed[]> {
  return (await makeInode(path, entry, () => [], undefined)) ?? [{ path: entry.path, what: 'device' }];
}

function entryFrom(path: ByteString, spec: PathSpec, contents: Map<ByteString, Uint8Array>): IndexEntry {
  if (typeof spec === 'string') return entryFrom(path, { content: spec }, contents);
  const inode = {
    path,
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    mtime: [1_193_961_600, 0] as const,
    xattrs: [],
  };
  if ('directory' in spec) return { type: 'directory', ...inode, mode: spec.mode ?? 0o755 };
  if ('symlink' in spec)
    return { type: 'symlink', ...inode, mode: 0o777, target: byteStringFromText(spec.symlink) };
  if ('link' in spec) return { type: 'hardlink', path, link: byteStringFromText(spec.link) };
  if ('fifo' in spec) return { type: 'fifo', ...inode, mode: 0o600 };
  if ('device' in spec) return { type: 'char', ...inode, mode: 0o600, device: spec.device };
  const content = typeof spec.content === 'string' ? Buffer.from(spec.content) : spec.content;
  contents.set(path, content);
  const [uid, gid] = spec.owner ?? [inode.uid, inode.gid];
  return {
    type: 'file',
    ...inode,
    uid,
    gid,
    mode: spec.mode ?? 0o644,
    mtime: spec.time ?? inode.mtime,
    size: content.length,
    sha256: hash('sha256', content) as Sha256,
    xattrs: xattrsFrom(spec.xattrs ?? {}),
    ...(content.length > 1024 * 1024 && { chunks: chunksOf(content) }),
  };
}

function xattrsFrom(values: Readonly<Record<string, string>>): Xattr[] {
  return Object.entries(values)
    .map(([name, value]) => ({
      name: byteStringFromText(name),
      value: byteString(Buffer.from(value, 'latin1')),
    }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

function chunksOf(content: Uint8Array): { sha256: Sha256; size: number }[] {
  const chunks: { sha256: Sha256; size: number }[] = [];
  for (let start = 0; start < content.length; start += 256 * 1024) {
    const piece = content.subarray(start, start + 256 * 1024);
    chunks.push({ sha256: hash('sha256', piece) as Sha256, size: piece.length });
  }
  return chunks;
}

/** A tree with a kernel and an initramfs of its own, under a name in `versions/pristine`; nothing else of a version. */
export function bootableVersion(layout: DeviceLayout, name: string): void {
  const folder = join(layout.pristine, name, 'boot');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'vmlinuz-6.1'), `kernel of ${name}`);
  writeFileSync(join(folder, 'initrd.img'), `initramfs of ${name}`);
  symlinkSync('vmlinuz-6.1', join(folder, 'vmlinuz'));
}
