import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { isSatchelError, messageOf } from '../base/errors.ts';
import type { Reporter } from '../base/progress.ts';
import { bytesBelow, bytesOnDisk } from '../os/disk-use.ts';
import { listIfThere } from '../os/if-there.ts';
import type { RsyncLayout } from './layout.ts';
import { defaultSettings, readRsyncSettings } from './settings.ts';
import { createTreeBudget } from './tree-budget.ts';
import { clearLeftovers, lockTrees } from './tree-directory.ts';
import { openTrash } from './tree-trash.ts';

/** The room that an rsync directory takes, for a process that serves no rsync clients itself. */
export type TreeRoom = {
  /** Bytes of disk that the complete trees take. */
  bytes(): number;
  /**
   * Bytes of what lies there and is no tree: marks, the drop directory, the builds that came by it, activities that are
   * nowhere else, and what is being fetched. What is being made or deleted does not count: it comes and goes with the process that does so.
   */
  otherBytes(): number;
  /**
   * Takes the least recently used trees away until they take no more than so many bytes; those that are sticky stay,
   * and all of them while another process has the trees open.
   */
  shrinkTo(bytes: number): Promise<void>;
};

/** Looks after an rsync directory, which need not be there; nothing is made in it. */
export function createTreeRoom(options: {
  readonly layout: RsyncLayout;
  readonly reporter: Reporter;
}): TreeRoom {
  const { layout, reporter } = options;
  const budget = createTreeBudget({ layout, reporter, budget: () => budgetIn(layout) });
  // They are made before the first tree; without them there is nothing to count and nothing to take away.
  const { run, builds, readyMarks, uses, temporary, trash: trashFolder } = layout;
  const hasTrees = () => [run, builds, readyMarks, uses, temporary, trashFolder].every(existsSync);
  return {
    bytes: () => (hasTrees() ? budget.usage().bytes : 0),
    otherBytes: () =>
      bytesBelow([layout.own, layout.ownKeys, layout.packed, layout.incoming, layout.readyMarks]) +
      bytesHereOnly(layout.activities),
    async shrinkTo(bytes) {
      using lock = hasTrees() ? lockTrees(layout) : undefined;
      if (lock === undefined) return;
      clearLeftovers(layout, (path) => reporter.notice('rsync-entry-strange', { path }));
      budget.shrinkTo(bytes);
      const trash = openTrash({
        layout,
        onFailure: (error) =>
          reporter.notice('tree-trash-stays', { path: layout.trash, reason: messageOf(error) }),
      });
      await trash.collect();
      await trash.close();
    },
  };
}

/** Bytes of files in a folder that have no other name elsewhere. */
function bytesHereOnly(folder: string): number {
  const stats = listIfThere(folder).map((name) => lstatSync(join(folder, name), { throwIfNoEntry: false }));
  return stats.reduce((sum, stat) => sum + (stat?.nlink === 1 ? bytesOnDisk(stat) : 0), 0);
}

/** It is only said when a tree goes: settings that cannot be read must not keep trees on a full disk. */
function budgetIn(layout: RsyncLayout): number {
  try {
    return readRsyncSettings(layout).budget;
  } catch (error) {
    if (!isSatchelError(error)) throw error;
    return defaultSettings.budget;
  }
}
