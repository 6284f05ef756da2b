import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ByteString, bytesOf } from '../base/byte-string.ts';
import { isSatchelError } from '../base/errors.ts';
import type { Reporter } from '../base/progress.ts';
import { removeTree } from '../os/remove-tree.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { itemFormat, parseItem, type RsyncItem } from './client-changes.ts';
import type { OpenPlace } from './client-place.ts';
import { makeShadow } from './client-shadow.ts';

/** The folders of one transfer; all lie on the file system of the versions. */
export type TransferFolders = {
  /** The tree that is being made. */
  readonly tree: string;
  readonly contents: string;
  /** Files that were received in part. */
  readonly partial: string;
  /** Files that are being received. */
  readonly temporary: string;
  /** What rsync may link to. */
  readonly shadow: string;
};

/** The folders below `work`; made, and what a killed rsync was writing is kept as received in part. */
export function openFolders(work: string): TransferFolders {
  const folders = {
    tree: join(work, 'tree'),
    contents: join(work, 'contents'),
    partial: join(work, 'partial'),
    temporary: join(work, 'temporary'),
    shadow: join(work, 'shadow'),
  };
  withSystemErrors('mkdir', work, () => {
    for (const path of [work, folders.tree, folders.partial, folders.temporary])
      mkdirSync(path, { recursive: true, mode: 0o700 });
    keepBroken(folders);
  });
  return folders;
}

/** A temporary file is called `.<name>.<six characters>`; of two that were begun the longer one is worth more. */
function keepBroken({ partial, temporary }: TransferFolders): void {
  for (const name of readdirSync(temporary, 'buffer')) {
    const broken = Buffer.concat([Buffer.from(`${temporary}/`), name]);
    const found = lstatSync(broken);
    const [, wanted] = /^\.(.+)\.[A-Za-z0-9]{6}$/s.exec(name.toString('latin1')) ?? [];
    const kept = wanted && Buffer.concat([Buffer.from(`${partial}/`), bytesOf(wanted as ByteString)]);
    const sizeNow = kept ? (lstatSync(kept, { throwIfNoEntry: false })?.size ?? -1) : 0;
    if (kept && found.isFile() && found.size > sizeNow) renameSync(broken, kept);
    else rmSync(broken, { force: true, recursive: true });
  }
}

/** How files get into the tree. */
export type Transfer = {
  /** Fetches these paths, compared by their content; from `base` only the bytes are used, never the inodes. */
  listed(paths: readonly ByteString[], options: { base?: string | undefined; bytes: number }): Promise<void>;
  /**
   * Brings the whole tree in order: what looks the same in `base` becomes a hard link to it unless it is `hidden`, and
   * what the place does not have goes.
   */
  rest(options: {
    base?: { readonly tree: string; readonly hidden: ReadonlySet<ByteString> } | undefined;
    bytes?: number | undefined;
  }): Promise<void>;
  /** Compares the place with a tree of this machine, reading everything on both sides, and changes nothing. */
  compare(tree: string): Promise<RsyncItem[]>;
  /** Takes away what was received in part. */
  finish(): void;
};

export type TransferOptions = {
  readonly open: OpenPlace;
  readonly folders: TransferFolders;
  /** Tell times apart that differ by less than a second. */
  readonly exactTimes: boolean;
  readonly reporter: Reporter;
};

/** rsync never writes a file of the tree in place: it makes a new one beside and renames it. */
export function openTransfer({ open, folders, exactTimes, reporter }: TransferOptions): Transfer {
  const { tree, partial, temporary, shadow } = folders;
  const times = exactTimes ? ['--modify-window=-1'] : [];
  const filters = open.place.excluded.map((pattern) => `--exclude=${pattern}`);
  const writing = [
    ...filters,
    `--partial-dir=${partial}`,
    `--temp-dir=${temporary}`,
    '--info=progress2',
    ...times,
  ];
  const source = open.place.tree;
  const follow = (total: number | undefined) => (line: string) => {
    const [, done] = /^ *(\d+) +\d+%/.exec(line) ?? [];
    if (done === undefined) return;
    const all = total === undefined ? {} : { total: Math.max(total, Number(done)) };
    reporter.progress({ step: 'fetch', done: Number(done), unit: 'bytes', ...all });
  };
  return {
    async listed(paths, { base, bytes }) {
      if (paths.length === 0) return;
      const copied = base === undefined ? [] : [`--copy-dest=${base}`];
      // Parents come first in a list in byte order, so a path whose parent is no directory any more fails here.
      const { from, prefix } = listedFrom(source);
      const input = Buffer.from(paths.map((path) => `${prefix}${path}\0`).join(''), 'latin1');
      const list = ['--checksum', '--files-from=-', '--from0'];
      // What a manifest has and its tree has not is found when the whole is checked.
      await unlessMissing(
        open.run([...writing, ...list, ...copied], [from, `${tree}/`], { input, onLine: follow(bytes) }),
      );
    },
    async rest({ base, bytes }) {
      if (base !== undefined) makeShadow(base.tree, base.hidden, shadow);
      const from = base === undefined ? [] : [`--link-dest=${shadow}`];
      await open.run([...writing, '--delete', ...from], [source, `${tree}/`], { onLine: follow(bytes) });
      removeTree(shadow);
    },
    async compare(other) {
      // By path, since a connection that broke and is made again tells everything from the beginning.
      const items = new Map<ByteString, RsyncItem>();
      const onLine = (line: string) => {
        const item = parseItem(line);
        if (item === undefined) return;
        items.set(item.path, item);
        reporter.progress({ step: 'check', done: items.size, unit: 'entries' });
      };
      const options = [
        ...filters,
        '--dry-run',
        '--checksum',
        '--delete',
        '--modify-window=-1',
        ...itemFormat,
      ];
      await open.run(options, [source, `${other}/`], { onLine });
      return [...items.values()];
    },
    finish() {
      removeTree(partial);
      removeTree(temporary);
    },
  };
}

/** Exit codes of rsync when some of the files could not be had, or are not there any more. */
const partial: readonly unknown[] = [23, 24];

async function unlessMissing(run: Promise<void>): Promise<void> {
  try {
    await run;
  } catch (error) {
    const isGone = isSatchelError(error, 'rsync-failed') && partial.includes(error.parameters.code);
    if (!isGone && !isSatchelError(error, 'rsync-file-missing')) throw error;
  }
}

/**
 * Where listed paths are asked for, and what stands before each. A daemon that does not change its root directory
 * (rsync 3.5.0) finds listed files from the top of the module only; what comes before `/./` is not made.
 */
export function listedFrom(source: string): { readonly from: string; readonly prefix: string } {
  const [, module, below] = /^(rsync:\/\/[^/]+\/[^/]+\/)(.+)\/$/i.exec(source) ?? [];
  if (module === undefined || below === undefined) return { from: source, prefix: '' };
  return { from: module, prefix: `${Buffer.from(below, 'utf8').toString('latin1')}/./` };
}
