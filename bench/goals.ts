import type { Result } from './contest.ts';
import { median } from './statistics.ts';

/** What can be held against a goal. */
export type Measure = 'wall' | 'cpu' | 'server CPU' | 'memory' | 'wire' | 'requests' | 'disk';

/** One goal: at most `limit` times another contender's figure, or at most `limit` as it is (seconds, bytes, count). */
export type Goal = {
  readonly row: string;
  readonly measure: Measure;
  readonly limit: number;
  /** The contender that the limit is a multiple of; absent for a plain limit. */
  readonly against?: string;
  /** The only pair that it is a goal for; absent for all. */
  readonly pair?: string;
};

const goals: readonly Goal[] = [
  { row: 'nothing to do', measure: 'wall', limit: 0.35 },
  { row: 'nothing to do', measure: 'wire', limit: 5000 },
  { row: 'nothing to do', measure: 'requests', limit: 3 },
  { row: 'first install', measure: 'wall', limit: 1, against: 'rsync' },
  { row: 'first install', measure: 'memory', limit: 200e6 },
  { row: 'update', measure: 'wall', limit: 1, against: 'rsync --link-dest' },
  { row: 'update', measure: 'cpu', limit: 1, against: 'rsync --link-dest' },
  { row: 'update', measure: 'server CPU', limit: 0.05 },
  { row: 'update', measure: 'memory', limit: 150e6, pair: 'small-minor' },
  { row: 'update', measure: 'memory', limit: 200e6, pair: 'large-minor' },
  { row: 'update, one time', measure: 'wall', limit: 1, against: 'ostree objects' },
  { row: 'publish the first', measure: 'wall', limit: 0.5, against: 'ostree commit' },
  { row: 'publish the first', measure: 'memory', limit: 300e6 },
  { row: 'publish the next', measure: 'wall', limit: 0.5, against: 'ostree commit' },
  { row: 'publish the next', measure: 'memory', limit: 300e6 },
  { row: 'repository on disk', measure: 'disk', limit: 0.9, against: 'ostree' },
  { row: 'kill and resume', measure: 'wire', limit: 1.02, against: 'satchel undisturbed' },
];

/** Bytes that each of the 20 kills may cost on top. */
const perKill = 20 * 65536;

/** A goal held against what was measured. */
export type Verdict = {
  readonly goal: Goal;
  readonly pair: string;
  readonly ours: number;
  /** The other contender's figure; absent for a plain limit. */
  readonly theirs?: number;
  readonly allowed: number;
  readonly met: boolean;
};

/** The figure of a result: the median over its runs, the mean for server CPU (the kernel counts it in 10 ms). */
export function figure(result: Result, measure: Measure): number | undefined {
  const { samples } = result;
  const over = (values: number[]) => (values.length === 0 ? undefined : median(values));
  switch (measure) {
    case 'wall':
      return over(samples.map((sample) => sample.wall));
    case 'cpu':
      return over(samples.map((sample) => sample.cpu));
    case 'memory':
      return over(samples.map((sample) => sample.peak));
    case 'server CPU': {
      const known = samples.flatMap((sample) => (sample.serverCpu === undefined ? [] : [sample.serverCpu]));
      return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
    }
    case 'wire':
      return result.wire?.bytes;
    case 'requests':
      return result.wire?.requests;
    case 'disk':
      return result.disk;
  }
}

/** Holds our results against every goal that both sides were measured for. */
export function judge(results: readonly Result[]): Verdict[] {
  const verdicts: Verdict[] = [];
  for (const goal of goals) {
    for (const result of results.filter(({ row, who }) => row === goal.row && who === 'satchel')) {
      const { pair } = result;
      const ours = figure(result, goal.measure);
      if (ours === undefined || (goal.pair !== undefined && goal.pair !== pair)) continue;
      if (goal.against === undefined) {
        verdicts.push({ goal, pair, ours, allowed: goal.limit, met: ours <= goal.limit });
        continue;
      }
      const other = results.find(
        ({ row, who, pair: same }) => row === goal.row && who === goal.against && same === pair,
      );
      const theirs = other && figure(other, goal.measure);
      if (theirs === undefined) continue;
      const allowed = theirs * goal.limit + (goal.row === 'kill and resume' ? perKill : 0);
      verdicts.push({ goal, pair, ours, theirs, allowed, met: ours <= allowed });
    }
  }
  return verdicts;
}
