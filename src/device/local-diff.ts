import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { listIfThere } from '../os/if-there.ts';
import { readBootFacts } from './boot-facts.ts';
import { giveTurn } from './carry-copy.ts';
import { listVersions, readInstalled, readInstalledIndex } from './installed.ts';
import { layerOf, readLayer } from './layers.ts';
import { type DeviceLayout, pristineTree, runningTree } from './layout.ts';
import { changesOfLayer, type LocalChange } from './local-changes.ts';
import { viewPristine } from './local-indexed.ts';
import { viewTree } from './local-inode.ts';
import { changesOfTree } from './local-tree-changes.ts';

export type LocalDiffOptions = {
  readonly layout: DeviceLayout;
  readonly build: BuildName;
  /** True to read every file of a tree that runs without a layer. */
  readonly full: boolean;
  readonly signal?: AbortSignal | undefined;
};

/** What a user did to a version. */
export type LocalDiff = {
  readonly build: BuildName;
  /** Where it was found: in the writable layer, or by comparing the tree that runs. */
  readonly from: 'layer' | 'tree';
  /** In byte order of the paths. */
  readonly changes: readonly LocalChange[];
};

/**
 * What was changed on this device in an installed version since it was installed.
 * Throws `version-not-installed`, `local-not-known`, `layer-not-ours`, `installed-index-damaged`, `cancelled`.
 */
export async function localDiff(options: LocalDiffOptions): Promise<LocalDiff> {
  const { layout, build, signal } = options;
  if (!listVersions(layout).some(({ name }) => name === build))
    throw new SatchelError('version-not-installed', { name: build });
  const from = sourceOf(layout, build);
  const changes: LocalChange[] = [];
  let count = 0;
  for (const change of from === 'layer' ? inLayer(options) : inTree(options)) {
    if (change !== undefined) changes.push(change);
    count += 1;
    if (count % 500 === 0) await giveTurn(signal);
  }
  return { build, from, changes: changes.sort((one, other) => (one.path < other.path ? -1 : 1)) };
}

/**
 * The initramfs knows best; of a version that does not run now, what lies on the disk tells. A version that was not
 * installed by us has no index that its layer could name.
 */
function sourceOf(layout: DeviceLayout, build: BuildName): LocalDiff['from'] {
  const facts = readBootFacts(layout);
  const hasTree = listIfThere(runningTree(layout, build)).length > 0;
  if (facts?.build === build && facts.mode !== undefined && facts.mode !== 'overlay' && hasTree)
    return 'tree';
  const layer = readLayer(layout, build);
  if (layer !== undefined && layer.index === readInstalled(layout, build)?.index) return 'layer';
  if (hasTree) return 'tree';
  throw new SatchelError('local-not-known', { build });
}

function inLayer({ layout, build }: LocalDiffOptions): Iterable<LocalChange> {
  return changesOfLayer({
    upper: viewTree(layerOf(layout, build).upper),
    lower: viewPristine(layout, build),
  });
}

function inTree({ layout, build, full }: LocalDiffOptions): Iterable<LocalChange | undefined> {
  const entries = readInstalledIndex(layout, build);
  return changesOfTree({
    ...{ entries, full },
    run: runningTree(layout, build),
    pristine: pristineTree(layout, build),
  });
}
