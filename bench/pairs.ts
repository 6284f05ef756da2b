import type { PairName, RowName } from './options.ts';
import { appsPair, majorPair, minorPair, smallFilesPair, type TarPair } from './trees.ts';

/** A pair of trees to measure on. */
export type Pair = {
  readonly name: PairName;
  readonly rows: readonly RowName[];
  /** Timed runs of each contender, unless the caller says otherwise. */
  readonly runs: number;
  /** The same for making deltas, which takes minutes for a large pair. */
  readonly deltaRuns: number;
  /** What the names of both builds begin with. */
  readonly builds: string;
  /** Whether it is a system that one could also download whole. */
  readonly hasImage: boolean;
  /** Contenders that need many minutes for it and are left out of a quick run. */
  readonly tooSlow?: readonly string[];
  /** Makes or finds the trees; `directory` is empty and its own. */
  trees(directory: string, say: (line: string) => void): Promise<TarPair>;
};

export const pairs: readonly Pair[] = [
  {
    name: 'small-minor',
    rows: ['publish', 'delta', 'install', 'update', 'classroom', 'thin-link', 'site', 'old-clients'],
    runs: 5,
    deltaRuns: 3,
    builds: 'small',
    hasImage: true,
    trees: (_, say) => minorPair('small', say),
  },
  {
    name: 'small-major',
    rows: ['delta', 'update'],
    runs: 5,
    deltaRuns: 3,
    builds: 'small',
    hasImage: true,
    trees: (_, say) => majorPair('small', say),
  },
  {
    name: 'large-minor',
    rows: ['publish', 'delta', 'install', 'update'],
    runs: 3,
    deltaRuns: 1,
    builds: 'large',
    hasImage: true,
    trees: (_, say) => minorPair('large', say),
  },
  {
    name: 'large-major',
    rows: ['delta', 'update'],
    runs: 3,
    deltaRuns: 1,
    builds: 'large',
    hasImage: true,
    trees: (_, say) => majorPair('large', say),
  },
  {
    name: 'apps',
    rows: ['delta', 'update'],
    runs: 3,
    deltaRuns: 1,
    builds: 'apps',
    hasImage: false,
    trees: (_, say) => appsPair(say),
  },
  {
    name: 'small-files',
    rows: ['delta', 'update'],
    runs: 3,
    deltaRuns: 1,
    builds: 'files',
    hasImage: false,
    tooSlow: ['ostree', 'ostree-trixie', 'casync'],
    trees: async (directory) => smallFilesPair(directory),
  },
];

/** The sizes of the trees in which nothing, or one file, changes. */
export const syntheticSizes = [10_000, 50_000, 200_000];

/** The pair of trees with that name; undefined for what is measured on other things. */
export function pairOf(name: PairName): Pair | undefined {
  return pairs.find((pair) => pair.name === name);
}
