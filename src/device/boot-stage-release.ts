import { type BigIntStats, lstatSync, rmSync } from 'node:fs';
import { type ByteString, byteStringFromText, pathBelow } from '../base/byte-string.ts';
import { hardLinksOf, type IndexTable } from '../build/index-table.ts';
import { listIfThere, readFileIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { fileDisk } from '../plan/disk.ts';
import type { Step } from './boot-stage-steps.ts';
import type { StagePlan } from './stage-plan.ts';

/** Which files of the old version go when, as numbers of entries. */
export type Releases = {
  /** What no step reads: before the first. */
  readonly first: readonly number[];
  /** What a step was the last to read, by its number. */
  readonly after: readonly (readonly number[])[];
};

/** What a file of the old version gives back when it goes. */
export type Freed = { readonly bytes: number; readonly inodes: number };

export type ReleasableOptions = {
  /** The tree of the old version. */
  readonly tree: string;
  readonly base: IndexTable;
  readonly entries: IndexTable;
  readonly plan: StagePlan;
};

/**
 * What the next boot needs of the old version as long as it is the one that boots (kernel and initramfs), and what
 * its user's changes are merged with. All of it is small.
 */
const alwaysKept = ['boot', 'etc'];

/** Where a tree lists paths that follow the device from version to version. */
const persistLists = 'etc/satchel/persist.d';

/**
 * The files of the old version that can go some time, as numbers of entries, with the bytes of disk that they take by
 * its index: all but those that the new version shares, and those that the next boot needs. Always the same, however
 * much of the tree is gone.
 */
export function releasableFiles({ tree, base, entries, plan }: ReleasableOptions): Map<number, number> {
  const shared = new Set<ByteString>(plan.links.map((number) => entries.pathAt(number)));
  const isKept = keptPaths(tree);
  const files = new Map<number, number>();
  for (const [number, entry] of base.entries()) {
    if (entry.type !== 'file' || entry.size === 0 || shared.has(entry.path) || isKept(entry.path)) continue;
    files.set(number, fileDisk(entry.size));
  }
  return files;
}

/** Works out after which step each of these files can go. */
export function planReleases(files: Iterable<number>, steps: readonly Pick<Step, 'reads'>[]): Releases {
  const last = new Map<number, number>();
  steps.forEach(({ reads }, step) => {
    for (const number of reads) last.set(number, step);
  });
  const first: number[] = [];
  const after: number[][] = steps.map(() => []);
  for (const number of files) {
    const step = last.get(number);
    (step === undefined ? first : after[step]!).push(number);
  }
  return { first, after };
}

/** Those of the files that have names outside of the tree, so that nothing comes back when they go. */
export function heldFiles({ first, after }: Releases, { freed }: Pick<Releaser, 'freed'>): number[] {
  return [...first, ...after.flat()].filter((number) => freed(number).inodes === 0);
}

/** Removes files of the old version under all their names, and tells what they give back. */
export type Releaser = {
  freed(number: number): Freed;
  /** Nothing there is no error: a power cut may have come in the middle. */
  remove(number: number): void;
};

/** The releaser of one tree. */
export function createReleaser({ tree, base }: Pick<ReleasableOptions, 'tree' | 'base'>): Releaser {
  const further = new Map<ByteString, ByteString[]>();
  for (const [, { link, path }] of hardLinksOf(base)) {
    const known = further.get(link);
    if (known) known.push(path);
    else further.set(link, [path]);
  }
  const namesOf = (number: number) => {
    const path = base.pathAt(number);
    return [path, ...(further.get(path) ?? [])];
  };
  return {
    freed(number) {
      const names = namesOf(number);
      const found = look(pathBelow(tree, names[0]!));
      // What has a name elsewhere stays on the disk.
      if (found === undefined || found.nlink > BigInt(names.length)) return { bytes: 0, inodes: 0 };
      return { bytes: Number(found.blocks) * 512, inodes: 1 };
    },
    remove(number) {
      for (const name of namesOf(number)) {
        const path = pathBelow(tree, name);
        withSystemErrors('unlink', path, () => rmSync(path, { force: true }));
      }
    },
  };
}

function look(path: string | Buffer): BigIntStats | undefined {
  return withSystemErrors('lstat', path, () => lstatSync(path, { bigint: true, throwIfNoEntry: false }));
}

function keptPaths(tree: string): (path: ByteString) => boolean {
  const prefixes = [...alwaysKept, ...persistentPaths(tree)].map(
    (path) => byteStringFromText(path) as string,
  );
  return (path) => prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
}

/** Of a pattern the folder that it looks in. */
function persistentPaths(tree: string): string[] {
  const folder = `${tree}/${persistLists}`;
  return listIfThere(folder)
    .filter((name) => name.endsWith('.list'))
    .flatMap((name) => readFileIfThere(`${folder}/${name}`)?.toString('utf8').split('\n') ?? [])
    .filter((line) => line.startsWith('/'))
    .map((line) =>
      line
        .trim()
        .slice(1)
        .replace(/\/?[^/]*\*.*$/, ''),
    )
    .filter((path) => path !== '');
}
