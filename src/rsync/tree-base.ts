import { isSatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { type BaseTree, baseOfTree } from '../device/base-check.ts';
import type { Base } from '../device/stage-plan.ts';
import { type Catalog, type LoadedBuild, loadBuild } from '../repository/catalog.ts';
import { fakeTree, type Owner } from './fake-super.ts';
import type { RsyncLayout } from './layout.ts';
import { readMark, readyNames, treeKey } from './tree-mark.ts';

/** The tree that another one shares its files with. */
export type NearestTree = Base & BaseTree & { readonly name: BuildName };

export type NearestOptions = {
  readonly layout: RsyncLayout;
  readonly catalog: Catalog;
  readonly name: BuildName;
  readonly owner: Owner;
  readonly signal?: AbortSignal | undefined;
};

/** The complete tree of the build that differs least from this one, or undefined when no tree is there. */
export async function nearestTree(options: NearestOptions): Promise<NearestTree | undefined> {
  const { layout, catalog, owner, signal } = options;
  for (const name of await inOrderOfDistance(options)) {
    const mark = readMark(layout, name);
    const record = await catalog.build(name);
    if (mark?.index !== treeKey(record, owner)) continue;
    const build = await loadIfHere(catalog, name, signal);
    if (build === undefined) continue;
    const { entries } = fakeTree(build.entries, owner);
    if (mark.inode.length !== entries.length) continue;
    return { ...baseOfTree({ tree: layout.moduleRoot(name), entries, ledger: mark, owed: new Map() }), name };
  }
  return undefined;
}

/** At a site an index may be gone again although its tree stays. */
async function loadIfHere(
  catalog: Catalog,
  name: BuildName,
  signal: AbortSignal | undefined,
): Promise<LoadedBuild | undefined> {
  try {
    return await loadBuild(catalog, name, signal);
  } catch (error) {
    if (isSatchelError(error, 'store-not-found')) return undefined;
    throw error;
  }
}

/**
 * The complete trees of other builds, nearest first: as signed prices of updates tell, and where there is no price as
 * they were published one after the other.
 */
async function inOrderOfDistance({ layout, catalog, name }: NearestOptions): Promise<BuildName[]> {
  const { sequence } = await catalog.build(name);
  const { costs } = await catalog.deltas(name);
  const others = readyNames(layout).filter((other) => other !== name && catalog.hasBuild(other));
  const distances = await Promise.all(
    others.map(async (other) => {
      const back = await catalog.deltas(other);
      const prices = [
        ...costs.filter(({ from }) => from === other),
        ...back.costs.filter(({ from }) => from === name),
      ];
      return {
        other,
        price: Math.min(...prices.map(({ bytes }) => bytes)),
        steps: Math.abs((await catalog.build(other)).sequence - sequence),
      };
    }),
  );
  distances.sort((a, b) => (a.price === b.price ? a.steps - b.steps : a.price - b.price));
  return distances.map(({ other }) => other);
}
