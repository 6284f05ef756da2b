import { parseArgs } from 'node:util';

export const pairNames = [
  'small-minor',
  'small-major',
  'large-minor',
  'large-major',
  'apps',
  'small-files',
  'synthetic',
  'kill-resume',
] as const;

/** Something to measure on. */
export type PairName = (typeof pairNames)[number];

export const rowNames = [
  'publish',
  'delta',
  'install',
  'update',
  'classroom',
  'thin-link',
  'site',
  'old-clients',
  'nothing-to-do',
  'staging',
] as const;

/** A group of rows; which of them a pair has is said in `pairs.ts`. */
export type RowName = (typeof rowNames)[number];

export const peerNames = ['satchel', 'rsync', 'ostree', 'ostree-trixie', 'casync', 'zchunk'] as const;

const quickPairs: readonly PairName[] = ['small-minor', 'small-files'];

/** What the caller asked for. */
export type BenchOptions = {
  readonly quick: boolean;
  /** Timed runs; absent: as many as the pair and row deserve. */
  readonly runs?: number;
  readonly pairs: readonly PairName[];
  readonly rows: ReadonlySet<RowName>;
  readonly without: ReadonlySet<string>;
};

export const usage = `usage: npm run bench [-- OPTIONS]
  --quick            a few minutes: ${quickPairs.join(' and ')}, one run of each
  --runs N           so many timed runs, instead of five of small trees and three of large ones
  --pairs A,B        of: ${pairNames.join(', ')}
                     (all if nothing is said)
  --rows A,B         of: ${rowNames.join(', ')}
                     (all that a pair has if nothing is said)
  --without NAME     leave a contender out: ${peerNames.join(', ')};
                     may be repeated`;

/** Reads the command line. Throws an Error with a sentence for words that are off. */
export function parseOptions(words: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      quick: { type: 'boolean', default: false },
      runs: { type: 'string' },
      pairs: { type: 'string' },
      rows: { type: 'string' },
      without: { type: 'string', multiple: true, default: [] },
    },
  });
  const runs = values.runs === undefined ? undefined : Number(values.runs);
  if (runs !== undefined && (!Number.isInteger(runs) || runs < 1))
    throw new Error('--runs needs a whole number from 1');
  return {
    quick: values.quick,
    ...(runs === undefined ? {} : { runs }),
    pairs: chosen(values.pairs, pairNames, 'pair') ?? (values.quick ? quickPairs : pairNames),
    rows: new Set(chosen(values.rows, rowNames, 'row') ?? rowNames),
    without: new Set(values.without.map((name) => oneOf(name, peerNames, 'contender'))),
  };
}

function chosen<Name extends string>(
  list: string | undefined,
  names: readonly Name[],
  what: string,
): Name[] | undefined {
  return list?.split(',').map((name) => oneOf(name, names, what));
}

function oneOf<Name extends string>(name: string, names: readonly Name[], what: string): Name {
  const found = names.find((each) => each === name);
  if (found === undefined) throw new Error(`there is no ${what} "${name}"`);
  return found;
}
