import { existsSync, lstatSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { displayOf, pathBelow } from '../base/byte-string.ts';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { formatBytes } from '../base/units.ts';
import type { FileEntry, IndexEntry } from '../build/entry.ts';
import type { EntryList } from '../build/index-table.ts';
import { freeSpace } from '../os/disk.ts';
import { listIfThere } from '../os/if-there.ts';
import { syncFilesystemInBackground } from '../os/system-calls.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { isSealed, whyNotSealable } from '../os/verity.ts';
import { verityBlockSize, verityTreeSize } from '../os/verity-digest.ts';
import { readBootFacts } from './boot-facts.ts';
import { readBootSettings } from './boot-settings.ts';
import { readInstalled, readInstalledIndex, writeInstalled } from './installed.ts';
import { type DeviceLayout, pristineTree } from './layout.ts';
import { type Verification, verifyTree } from './verify.ts';

export type SealOptions = {
  readonly layout: DeviceLayout;
  /** An installed version. */
  readonly name: BuildName;
  /** False: files that are sealed already are not read again. */
  readonly full: boolean;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

export type SealVersionOptions = SealOptions & { readonly clock: Clock };

/** So many files of a version are compared with a running tree: where one is linked, all are. */
const looksForLinks = 200;
/** `statfs` types of file systems that give the description of every seal a block of its own: ext4, F2FS. */
const blockForEach: readonly number[] = [0xef53, 0xf2f52010];

/**
 * Verifies a version and seals every regular file of its untouched tree that has content and is right, each inode once:
 * from then on the kernel checks it at every read (a damaged one cannot be read) and nobody can write to it. What is
 * sealed already stays; stopped at any moment the next call goes on. What is damaged is in the answer and is not sealed.
 * The caller holds the device lock. Throws `version-not-installed`, `installed-index-damaged`, `cancelled`, and before
 * anything is changed `seal-not-overlay`, `seal-boot-unknown`, `seal-shared`, `seal-unsupported`, `seal-no-space`.
 */
export async function sealVersion(options: SealVersionOptions): Promise<Verification> {
  const { layout, name, clock } = options;
  const found = await sealTree(options);
  const record = readInstalled(layout, name)!;
  if (record.sealedAt === undefined)
    writeInstalled(layout, { ...record, sealedAt: new Date(clock()).toISOString() });
  return found;
}

async function sealTree(options: SealOptions): Promise<Verification> {
  const { layout, name, reporter } = options;
  const entries = readInstalledIndex(layout, name);
  requireOverlay(layout);
  requireOwnFiles(layout, name, entries);
  requireSupport(layout, name);
  requireRoom(layout, name, entries);
  const found = await verifyTree({ ...options, seal: true });
  await syncFilesystemInBackground(layout.own);
  const [busy] = found.seals?.busy ?? [];
  if (busy !== undefined)
    reporter.notice('seal-busy', { count: found.seals!.busy.length, name, path: displayOf(busy) });
  return found;
}

/**
 * Seals again what was made new in a version that was sealed before; nothing happens to any other. What stands in the
 * way is said and not thrown, because the version is whole. Throws `cancelled`.
 */
export async function sealAgain(options: SealOptions): Promise<void> {
  const { layout, name, reporter, signal } = options;
  if (readInstalled(layout, name)?.sealedAt === undefined) return;
  try {
    await sealTree(options);
  } catch (error) {
    if (signal?.aborted || !(error instanceof SatchelError)) throw error;
    reporter.notice('repair-not-sealed', { name, reason: error.message });
  }
}

/** What runs from hard links or from copies of its own gains nothing, and loses being able to write. */
function requireOverlay(layout: DeviceLayout): void {
  const { mode } = readBootSettings(layout);
  const facts = readBootFacts(layout);
  const really = facts?.mode ?? mode;
  const wrong = [mode, really].find((one) => one !== 'overlay');
  if (wrong !== undefined) throw new SatchelError('seal-not-overlay', { root: layout.root, mode: wrong });
  // Of a disk in a folder the settings tell what it is for; of this machine only how it was started.
  if (facts === undefined && (layout.root === '/' || !existsSync(layout.bootSettings)))
    throw new SatchelError('seal-boot-unknown', { root: layout.root });
}

/** A running tree that was cloned with hard links would become one that nobody can write to. */
function requireOwnFiles(layout: DeviceLayout, name: BuildName, entries: EntryList): void {
  const files = firstFiles(entries, looksForLinks);
  for (const running of listIfThere(layout.run)) {
    const path = join(layout.run, running);
    const isShared = files.some((entry) => {
      const [own, other] = [pristineTree(layout, name), path].map((tree) => inodeAt(tree, entry));
      return own !== undefined && own === other;
    });
    if (isShared) throw new SatchelError('seal-shared', { path, name });
  }
}

function firstFiles(entries: EntryList, most: number): FileEntry[] {
  const files: FileEntry[] = [];
  for (const [, entry] of entries.entries()) {
    if (files.length === most) break;
    if (isSealable(entry)) files.push(entry);
  }
  return files;
}

function inodeAt(tree: string, { path }: IndexEntry): string | undefined {
  const full = pathBelow(tree, path);
  try {
    const stat = lstatSync(full, { bigint: true, throwIfNoEntry: false });
    return stat && `${stat.dev}:${stat.ino}`;
  } catch {
    return undefined;
  }
}

function requireSupport(layout: DeviceLayout, name: BuildName): void {
  const why = whyNotSealable(layout.stage);
  if (why === undefined) return;
  throw new SatchelError('seal-unsupported', { path: pristineTree(layout, name), reason: why });
}

function requireRoom(layout: DeviceLayout, name: BuildName, entries: EntryList): void {
  const tree = pristineTree(layout, name);
  const { files, bytes } = costOfSealing(tree, entries);
  const { bytes: free } = freeSpace(tree);
  if (bytes > free)
    throw new SatchelError('seal-no-space', {
      ...{ name, files },
      ...{ needed: formatBytes(bytes), free: formatBytes(free) },
    });
}

/** How many files of a tree are not sealed yet, and what sealing takes: every seal lies on the disk behind its file. */
export function costOfSealing(tree: string, entries: EntryList): { files: number; bytes: number } {
  const { type } = withSystemErrors('statfs', tree, () => statfsSync(tree));
  const hasBlockEach = blockForEach.includes(type);
  let files = 0;
  let bytes = 0;
  for (const [, entry] of entries.entries()) {
    if (!isSealable(entry) || isSealed(pathBelow(tree, entry.path))) continue;
    files += 1;
    const hashes = verityTreeSize(entry.size);
    // btrfs keeps both in its own trees, and those twice where there is one disk.
    bytes += hasBlockEach ? verityBlockSize + hashes : 3 * (verityBlockSize / 8 + hashes);
  }
  return { files, bytes };
}

/** An empty file has nothing that could be damaged. */
function isSealable(entry: IndexEntry): entry is FileEntry {
  return entry.type === 'file' && entry.size > 0;
}
