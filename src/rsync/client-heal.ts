import { displayOf, pathBelow } from '../base/byte-string.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { FileEntry } from '../build/entry.ts';
import { readInstalled, readInstalledIndex } from '../device/installed.ts';
import { type DeviceLayout, pristineTree } from '../device/layout.ts';
import { restoreEntries } from '../device/repair.ts';
import { planRepair } from '../device/repair-plan.ts';
import { contentAt } from '../device/restore-inode.ts';
import { verifyTree } from '../device/verify.ts';
import type { ClientMonth } from './client-month.ts';
import type { OpenPlace } from './client-place.ts';
import { openTransfer, type TransferFolders } from './client-transfer.ts';
import { createLook, unlinkShared } from './client-tree.ts';

export type HealOptions = {
  readonly layout: DeviceLayout;
  /** An installed version that the place has too. */
  readonly build: BuildName;
  readonly open: OpenPlace;
  readonly folders: TransferFolders;
  readonly month: ClientMonth;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Looks at an installed version as `satchel update` does before it switches to one, and makes it whole again: what is
 * lacking is fetched, and must be what was recorded when the version was installed. The paths that were damaged;
 * undefined when it is not recorded what belongs there, so that only installing it anew helps. Throws
 * `rsync-tree-wrong` when the place has other files, `plan-over-month`, and what running rsync throws.
 */
export async function healInstalled(options: HealOptions): Promise<readonly string[] | undefined> {
  const { layout, build, reporter, signal } = options;
  try {
    const look = { layout, name: build, reporter, signal };
    if ((await verifyTree({ ...look, full: false })).damaged.length === 0) return [];
    const { damaged } = await verifyTree({ ...look, full: true });
    const entries = readInstalledIndex(layout, build);
    const index = readInstalled(layout, build)!.index;
    const plan = planRepair(pristineTree(layout, build), entries, damaged);
    await fetchFiles(options, plan.fetch);
    const content = ({ path }: FileEntry) => contentAt(pathBelow(options.folders.tree, path));
    await restoreEntries({ layout, name: build, entries, index, plan, content, reporter, signal });
    return damaged.map(({ path }) => (path === '' ? '.' : displayOf(path)));
  } catch (error) {
    if (isSatchelError(error, 'installed-index-damaged')) return undefined;
    if (isSatchelError(error, 'restored-content-wrong'))
      throw otherFiles(options, String(error.parameters.path), error);
    throw error;
  }
}

/** Brings the content of these files into the folder of the transfer. */
async function fetchFiles(
  { build, open, folders, month, reporter }: HealOptions,
  files: readonly FileEntry[],
): Promise<void> {
  if (files.length === 0) return;
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (open.place.isRemote) month.require(build, bytes);
  unlinkShared(folders.tree);
  const transfer = openTransfer({ open, folders, exactTimes: false, reporter });
  await transfer.listed(
    files.map(({ path }) => path),
    { bytes },
  );
  // A server may send anything: a symlink would lead to files of this machine, and reading a fifo never ends.
  const look = createLook(folders.tree);
  const lacking = files.find(({ path }) => look(path)?.isFile() !== true);
  if (lacking !== undefined) throw otherFiles({ open }, displayOf(lacking.path));
  transfer.finish();
}

function otherFiles({ open }: Pick<HealOptions, 'open'>, path: string, cause?: Error): SatchelError {
  const place = open.place.name;
  return new SatchelError('rsync-tree-wrong', { place, count: 1, path }, cause && { cause });
}
