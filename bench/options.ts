import { parseArgs } from 'node:util';

export const pairNames = ['small-minor', 'large-minor', 'synthetic', 'kill-resume'] as const;

/** Something to measure on. */
export type PairName = (typeof pairNames)[number];

export const peerNames = ['satchel', 'rsync', 'ostree'] as const;

/** What the caller asked for. */
export type BenchOptions = {
  readonly quick: boolean;
  readonly runs: number;
  readonly pairs: readonly PairName[];
  readonly without: ReadonlySet<string>;
};

export const usage = `usage: npm run bench [-- OPTIONS]
  --quick            one run instead of five, and only the smallest synthetic tree
  --runs N           so many timed runs
  --pairs A,B        of: ${pairNames.join(', ')} (small-minor, synthetic and kill-resume if nothing is said)
  --without NAME     leave a contender out: ${peerNames.join(', ')}; may be repeated`;

/** Reads the command line. Throws an Error with a sentence for words that are off. */
export function parseOptions(words: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      quick: { type: 'boolean', default: false },
      runs: { type: 'string' },
      pairs: { type: 'string', default: 'small-minor,synthetic,kill-resume' },
      without: { type: 'string', multiple: true, default: [] },
    },
  });
  const pairs = values.pairs.split(',').map((name) => {
    const pair = pairNames.find((each) => each === name);
    if (pair === undefined) throw new Error(`there is no pair "${name}"`);
    return pair;
  });
  for (const name of values.without)
    if (!peerNames.some((each) => each === name)) throw new Error(`there is no contender "${name}"`);
  const runs = Number(values.runs ?? (values.quick ? 1 : 5));
  if (!Number.isInteger(runs) || runs < 1) throw new Error('--runs needs a whole number from 1');
  return { quick: values.quick, runs, pairs, without: new Set(values.without) };
}
