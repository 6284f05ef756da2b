import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { formatBytes } from '../base/units.ts';
import { freeSpace } from '../os/disk.ts';
import { chooseEvictions, type EvictableTree, inodesOf, type TreeInodes } from './evict.ts';
import type { RsyncLayout } from './layout.ts';
import { clearModule } from './tree-make.ts';
import { dropHiddenMark, hideMark, lastUse, readMark, readyNames, restoreMark } from './tree-mark.ts';
import { isUsed, treeUses } from './tree-uses.ts';

/** How many trees are complete, and the bytes of their inodes, what several share counted once. */
export type TreeUsage = { readonly trees: number; readonly bytes: number };

/** What trees take on disk, and which of them go. Nothing else may make or remove trees while it works. */
export type TreeBudget = {
  /** Notes that a tree was made, or is gone. */
  changed(name: BuildName): void;
  /**
   * Takes trees away until the budget is kept with so many bytes more, and the disk has room for them once the trash
   * is empty. Those named here stay, and those in use, and those that are sticky. True when the disk has no room
   * before that.
   */
  keep(incoming: number, stay: readonly BuildName[]): boolean;
  /** Takes trees away until they take no more than so many bytes; those in use or sticky stay. */
  shrinkTo(bytes: number): void;
  /** What the trees take; counted anew only when there are others than the last time. */
  usage(): TreeUsage;
};

export type BudgetOptions = {
  readonly layout: RsyncLayout;
  /** Most bytes that all trees may take. */
  readonly budget: () => number;
  readonly reporter: Reporter;
};

/** Starts to count; reads the marks when it is first asked. */
export function createTreeBudget({ layout, budget, reporter }: BudgetOptions): TreeBudget {
  // Marks are read once: they say what no tree changes any more.
  const known = new Map<BuildName, TreeInodes>();
  let counted: { readonly key: string; readonly usage: TreeUsage } | undefined;

  const inodes = (name: BuildName): TreeInodes => {
    let found = known.get(name);
    if (found === undefined) {
      const mark = readMark(layout, name);
      found = mark === undefined ? nothing : inodesOf(mark);
      known.set(name, found);
    }
    return found;
  };

  const complete = (stay: readonly BuildName[]): EvictableTree[] => {
    const uses = treeUses(layout);
    const isSticky = (name: BuildName) =>
      lstatSync(join(layout.sticky, name), { throwIfNoEntry: false }) !== undefined;
    return readyNames(layout).map((name) => ({
      name,
      usedAt: lastUse(layout, name) ?? 0,
      inodes: inodes(name),
      stays: stay.includes(name) || isSticky(name) || isUsed(uses, name),
    }));
  };

  /** Whoever begins a transfer makes its file first and looks for the mark afterwards, so this order is safe. */
  const evict = (name: BuildName): void => {
    if (!hideMark(layout, name)) return;
    if (isUsed(treeUses(layout), name)) {
      restoreMark(layout, name);
      return;
    }
    clearModule(layout, name);
    dropHiddenMark(layout, name);
    known.delete(name);
    reporter.notice('tree-evicted', { build: name, budget: formatBytes(budget()) });
  };

  return {
    changed(name) {
      known.delete(name);
      counted = undefined;
    },
    usage() {
      const trees = readyNames(layout);
      const key = trees.join();
      if (counted?.key !== key) {
        const { before } = chooseEvictions(complete([]), Number.POSITIVE_INFINITY);
        counted = { key, usage: { trees: trees.length, bytes: before } };
      }
      return counted.usage;
    },
    shrinkTo(bytes) {
      for (const name of chooseEvictions(complete([]), bytes).victims) evict(name);
    },
    keep(incoming, stay) {
      const trees = complete(stay);
      const limit = budget() - incoming;
      const missing = Math.max(0, incoming - freeSpace(layout.directory).bytes);
      const most = trees.reduce((sum, { inodes: { sum: own } }) => sum + own, 0);
      // Mostly it is clear without knowing what they share.
      if (most <= limit && missing === 0) return false;
      const { before } = chooseEvictions(trees, Number.POSITIVE_INFINITY);
      const { victims, after } = chooseEvictions(trees, Math.min(limit, before - missing));
      for (const name of victims) evict(name);
      if (incoming === 0 && after > budget())
        reporter.notice('trees-over-budget', { bytes: formatBytes(after), budget: formatBytes(budget()) });
      return missing > 0;
    },
  };
}

const nothing: TreeInodes = { numbers: new Float64Array(), bytes: new Float64Array(), sum: 0 };
