import {
  chmodSync,
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { bundleFile } from '../activities/group-page.ts';
import type { LocalBundles } from '../activities/local-bundles.ts';
import type { OfferedGroups } from '../activities/offered-groups.ts';
import type { ZipCache } from '../activities/zip-cache.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import { messageOf, SatchelError, systemErrorCode } from '../base/errors.ts';
import { formatBytes } from '../base/units.ts';
import { removeTemporaries, temporaryBeside, writeFileAtomic } from '../os/atomic-file.ts';
import { diskSpace } from '../os/disk.ts';
import { listIfThere } from '../os/if-there.ts';
import { readRecordIfGood } from '../os/record-file.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { diskReserve } from '../plan/ways.ts';
import type { BundleRecord } from '../repository/group-record.ts';
import type { RsyncLayout } from './layout.ts';

/** Where the bundles of the module come from. */
export type ActivitiesSource = {
  readonly offered: () => Promise<OfferedGroups>;
  readonly zips: Pick<ZipCache, 'file'>;
  /** At a site: what nobody has signed. */
  readonly local?: (() => Promise<LocalBundles>) | undefined;
  /** At a site: true for a bundle whose files are all here. Nothing is fetched over the link for the module. */
  readonly isHere?: ((bundle: BundleRecord) => Promise<boolean>) | undefined;
  /** Files and folders whose change may change what is offered. */
  readonly watched: readonly string[];
};

/** One file of the module. */
type Wanted = {
  /** Tells one content from another. */
  readonly content: string;
  readonly path: () => Promise<string>;
};

/**
 * Makes the folder of the module `activities` what a place offers now: the versions for everybody, and what a site was
 * brought; no content, which nothing that reads the module can install. A file is the one of the cache under another name, or a copy on another file system; each appears whole.
 * Without any bundles there is no folder. Gives the reasons why bundles were left out.
 */
export async function renewActivities(
  layout: Pick<RsyncLayout, 'activities' | 'activitiesRecord'>,
  source: ActivitiesSource,
  signal: AbortSignal,
): Promise<string[]> {
  const { activities: folder, activitiesRecord } = layout;
  const wanted = await wantedFiles(source);
  const before = readContents(activitiesRecord);
  const next = new Map<string, string>();
  const reasons: string[] = [];
  if (wanted.size > 0) withSystemErrors('mkdir', folder, () => mkdirSync(folder, { recursive: true }));
  removeTemporaries(folder);
  for (const [name, { content, path }] of wanted) {
    throwIfCancelled(signal);
    const target = join(folder, name);
    const isThere = statSync(target, { throwIfNoEntry: false })?.isFile() === true;
    try {
      if (!isThere || before.get(name) !== content) place(await path(), target);
      next.set(name, content);
    } catch (error) {
      throwIfCancelled(signal);
      reasons.push(messageOf(error));
    }
  }
  for (const name of listIfThere(folder))
    if (!next.has(name))
      withSystemErrors('unlink', folder, () => rmSync(join(folder, name), { force: true }));
  const contents = [...next].map(([name, content]) => ({ name, content }));
  const isSame =
    next.size === before.size && contents.every(({ name, content }) => before.get(name) === content);
  if (!isSame)
    writeFileAtomic(
      activitiesRecord,
      `${JSON.stringify({ satchel: 'rsync-activities', format: 1, contents })}\n`,
    );
  if (next.size === 0 && statSync(folder, { throwIfNoEntry: false }) !== undefined)
    withSystemErrors('rmdir', folder, () => rmdirSync(folder));
  return reasons;
}

async function wantedFiles({ offered, zips, local, isHere }: ActivitiesSource): Promise<Map<string, Wanted>> {
  const wanted = new Map<string, Wanted>();
  for (const { path, file, bytes, modified } of (await local?.())?.bundles ?? [])
    wanted.set(file, { content: `${path}:${bytes}:${modified}`, path: async () => path });
  // Of a name that both have, what is signed counts.
  for (const { record } of (await offered()).groups)
    for (const bundle of record.bundles) {
      if (bundle.kind === 'content' || !(bundle.streams as readonly string[]).includes('stable')) continue;
      if (isHere !== undefined && !(await isHere(bundle))) continue;
      wanted.set(bundleFile(bundle), {
        content: bundle.index.sha256,
        path: () => zips.file(bundle, { toLink: true }),
      });
    }
  return wanted;
}

/** Where it has to be a copy, the disk keeps its reserve. */
function place(from: string, to: string): void {
  const temporary = temporaryBeside(to);
  withSystemErrors('link', to, () => {
    const { mode, size } = statSync(from);
    // The daemon reads as nobody.
    if ((mode & 0o044) !== 0o044 || !linked(from, temporary)) {
      const { free } = diskSpace(dirname(to));
      if (free - diskReserve < size)
        throw new SatchelError('bundle-zip-no-room', { name: basename(to), bytes: formatBytes(size) });
      copy(from, temporary);
    }
    renameSync(temporary, to);
  });
}

function copy(from: string, to: string): void {
  try {
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
    chmodSync(to, 0o644);
  } catch (error) {
    rmSync(to, { force: true });
    throw error;
  }
}

/** False on another file system, or on one without links. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (['EXDEV', 'EPERM', 'EMLINK'].includes(systemErrorCode(error) ?? '')) return false;
    throw error;
  }
}

function readContents(path: string): Map<string, string> {
  const contents = readRecordIfGood(path, (fields) => {
    fields.expectFormat('rsync-activities', 1);
    return fields.list('contents').map((each) => [each.text('name'), each.text('content')] as const);
  });
  return new Map(contents);
}
