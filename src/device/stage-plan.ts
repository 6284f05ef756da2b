import type { ByteString } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { InodeEntry } from '../build/entry.ts';
import { type EntryList, hardLinksOf, pathOf } from '../build/index-table.ts';

/** What the check of a base entry against the disk found. */
export type BaseState =
  /** As it was written: may be hard-linked. */
  | 'clean'
  /** The content is right, owner, mode or times are not: may be copied from. */
  | 'content-right'
  /** Not what the index says, or gone. */
  | 'damaged';

/** The old version that the new tree is staged beside. */
export type Base = {
  readonly entries: EntryList;
  /** Compares one entry, by its number in `entries`, with the disk. */
  check(entryNumber: number): BaseState;
};

/** A run of bytes in a file of the base tree that holds an object. */
export type BaseSource = { readonly path: ByteString; readonly position: number };

/** Where an object has to be written: a whole small file, or at a position inside a large one. */
export type ObjectTarget = { readonly entry: number; readonly position?: number };

/** One object that the new tree needs, with all its places. */
export type NeededObject = {
  readonly sha256: Sha256;
  readonly size: number;
  readonly targets: ObjectTarget[];
  /** Where the base has it; absent: it has to be fetched. */
  source?: BaseSource;
};

/** Everything that making the new tree takes. Lists hold the numbers of entries, in index order. */
export type StagePlan = {
  readonly directories: number[];
  /** Entries to hard-link from the same path of the base. */
  readonly links: number[];
  /** Symlinks, devices, fifos and empty files. */
  readonly small: number[];
  /** Files above the chunking limit that are written chunk by chunk and finished at the end. */
  readonly large: number[];
  /** By hash: objects to copy from the base or to fetch. */
  readonly objects: Map<Sha256, NeededObject>;
  /** Further names of inodes that are made new. */
  readonly hardLinks: number[];
  /** Paths of the base that are not what its index says, found on the way. */
  readonly damaged: ByteString[];
  /** Files with the same content at the same path that cannot share an inode with the base. */
  readonly metadataOnly: { files: number; bytes: number };
};

const sameMetadata = (a: InodeEntry, b: InodeEntry): boolean =>
  a.mode === b.mode &&
  a.uid === b.uid &&
  a.gid === b.gid &&
  a.mtime[0] === b.mtime[0] &&
  a.mtime[1] === b.mtime[1] &&
  a.xattrs.length === b.xattrs.length &&
  a.xattrs.every((xattr, i) => xattr.name === b.xattrs[i]?.name && xattr.value === b.xattrs[i]?.value);

function sameInode(a: InodeEntry, b: InodeEntry): boolean {
  if (!sameMetadata(a, b)) return false;
  if (a.type === 'file') return b.type === 'file' && a.sha256 === b.sha256 && a.size === b.size;
  if (a.type === 'symlink') return b.type === 'symlink' && a.target === b.target;
  if (a.type === 'char' || a.type === 'block')
    return a.type === b.type && 'device' in b && a.device[0] === b.device[0] && a.device[1] === b.device[1];
  return a.type === b.type && a.type === 'fifo';
}

/** The further names of each hard-linked inode, joined (no path holds a NUL), by its first path. */
function linkGroups(entries: EntryList): Map<ByteString, string> {
  const groups = new Map<ByteString, string>();
  for (const [, { link, path }] of hardLinksOf(entries))
    groups.set(link, `${groups.get(link) ?? ''}\0${path}`);
  return groups;
}

/**
 * Decides for each entry of the new index how it is made beside the base (absent: on an empty device).
 * A path is hard-linked only if content, all inode metadata and the link group are equal.
 */
export function planStage(entries: EntryList, base: Base | undefined): StagePlan {
  const plan: StagePlan = {
    directories: [],
    links: [],
    small: [],
    large: [],
    objects: new Map(),
    hardLinks: [],
    damaged: [],
    metadataOnly: { files: 0, bytes: 0 },
  };
  const mayLink = base === undefined ? () => false : linkDecision(plan, entries, base);
  const linked = new Set<ByteString>();
  for (const [number, entry] of entries.entries()) {
    if (entry.type === 'directory') {
      plan.directories.push(number);
    } else if (entry.type === 'hardlink') {
      if (linked.has(entry.link)) plan.links.push(number);
      else plan.hardLinks.push(number);
    } else if (mayLink(entry)) {
      plan.links.push(number);
      linked.add(entry.path);
    } else {
      addNew(plan, number, entry);
    }
  }
  if (base !== undefined && plan.objects.size > 0) findInBase(plan, base);
  return plan;
}

/** Whether an entry can be linked from the base; asked in index order, and notes what it finds in the plan. */
function linkDecision(plan: StagePlan, entries: EntryList, base: Base): (entry: InodeEntry) => boolean {
  const groups = linkGroups(entries);
  const baseGroups = linkGroups(base.entries);
  const find = walkAlong(base.entries);
  return (entry) => {
    const number = find(entry.path);
    const old = number === undefined ? undefined : base.entries.at(number);
    if (number === undefined || old === undefined || old.type === 'hardlink') return false;
    if (!sameInode(entry, old)) {
      if (entry.type === 'file' && old.type === 'file' && entry.sha256 === old.sha256) {
        plan.metadataOnly.files += 1;
        plan.metadataOnly.bytes += entry.size;
      }
      return false;
    }
    if (groups.get(entry.path) !== baseGroups.get(entry.path)) return false;
    const state = base.check(number);
    if (state === 'damaged') plan.damaged.push(entry.path);
    return state === 'clean';
  };
}

/** Finds paths that are asked for in byte order, in one pass over entries that are in the same order. */
function walkAlong(entries: EntryList): (path: ByteString) => number | undefined {
  let number = 0;
  let current = pathOf(entries, 0);
  return (path) => {
    while (current !== undefined && current < path) {
      number += 1;
      current = pathOf(entries, number);
    }
    return current === path ? number : undefined;
  };
}

function addNew(plan: StagePlan, number: number, entry: InodeEntry): void {
  if (entry.type !== 'file' || entry.size === 0) {
    plan.small.push(number);
    return;
  }
  if (entry.chunks === undefined) {
    needObject(plan, entry.sha256, entry.size, { entry: number });
    return;
  }
  plan.large.push(number);
  let position = 0;
  for (const chunk of entry.chunks) {
    needObject(plan, chunk.sha256, chunk.size, { entry: number, position });
    position += chunk.size;
  }
}

function needObject(plan: StagePlan, sha256: Sha256, size: number, target: ObjectTarget): void {
  const needed = plan.objects.get(sha256);
  if (needed) needed.targets.push(target);
  else plan.objects.set(sha256, { sha256, size, targets: [target] });
}

/**
 * Finds needed objects in the base: whole small files by their hash, chunks of large files by theirs.
 * What is copied is hashed when it is read, so a chunk of a damaged large file is still worth trying.
 */
function findInBase(plan: StagePlan, base: Base): void {
  const damaged = new Set(plan.damaged);
  for (const [number, entry] of base.entries.entries()) {
    if (entry.type !== 'file' || entry.size === 0) continue;
    if (entry.chunks !== undefined) {
      let position = 0;
      for (const chunk of entry.chunks) {
        const needed = plan.objects.get(chunk.sha256);
        if (needed) needed.source ??= { path: entry.path, position };
        position += chunk.size;
      }
      continue;
    }
    const needed = plan.objects.get(entry.sha256);
    if (needed === undefined || needed.source !== undefined || damaged.has(entry.path)) continue;
    if (base.check(number) === 'damaged') {
      damaged.add(entry.path);
      plan.damaged.push(entry.path);
    } else {
      needed.source = { path: entry.path, position: 0 };
    }
  }
}
