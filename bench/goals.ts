import type { Result } from './contest.ts';
import { median } from './statistics.ts';

/** What can be held against a goal. */
export type Measure =
  | 'wall'
  | 'cpu'
  | 'server CPU'
  | 'memory'
  | 'server memory'
  | 'wire'
  | 'requests'
  | 'in turn'
  | 'written'
  | 'disk';

/** One goal: at most `limit` times another contender's figure, or at most `limit` as it is (seconds, bytes, count). */
export type Goal = {
  readonly row: string;
  readonly measure: Measure;
  readonly limit: number;
  /** The contender whose goal it is; absent for Satchel as such. */
  readonly who?: string;
  /** The contender that the limit is a multiple of; absent for a plain limit. */
  readonly against?: string;
  /** The row of that contender, where it is another one of the same pair. */
  readonly againstRow?: string;
  /** The only pair that it is a goal for; absent for all. */
  readonly pair?: string;
};

const oneTime = 'update, one time';

const goals: readonly Goal[] = [
  { row: 'nothing to do', measure: 'wall', limit: 0.35 },
  { row: 'nothing to do', measure: 'wire', limit: 5000 },
  { row: 'nothing to do', measure: 'requests', limit: 3 },
  { row: 'staging', measure: 'wall', limit: 1, against: 'cp -al' },
  { row: 'first install', measure: 'wall', limit: 1, against: 'rsync' },
  { row: 'first install', measure: 'memory', limit: 200e6 },
  { row: 'publish the first', measure: 'wall', limit: 0.5, against: 'ostree commit' },
  { row: 'publish the first', measure: 'memory', limit: 300e6 },
  { row: 'publish the next', measure: 'wall', limit: 0.5, against: 'ostree commit' },
  { row: 'publish the next', measure: 'memory', limit: 300e6 },
  { row: 'repository on disk', measure: 'disk', limit: 0.9, against: 'ostree' },
  { row: 'make the delta', measure: 'wall', limit: 1.5, against: 'ostree static-delta' },
  { row: 'make the delta', measure: 'disk', limit: 0.5, against: 'ostree static-delta', pair: 'small-minor' },
  { row: 'make the delta', measure: 'memory', limit: 1e9 },
  { row: 'update', measure: 'wall', limit: 0.6, against: 'rsync --link-dest', pair: 'small-minor' },
  { row: 'update', measure: 'cpu', limit: 1, against: 'rsync --link-dest', pair: 'small-minor' },
  { row: 'update', measure: 'server CPU', limit: 0.05, pair: 'small-minor' },
  { row: 'update', measure: 'memory', limit: 150e6, pair: 'small-minor' },
  { row: 'update', measure: 'memory', limit: 250e6, pair: 'large-minor' },
  { row: 'update', measure: 'requests', limit: 9, pair: 'small-minor' },
  { row: 'update', measure: 'in turn', limit: 6, pair: 'small-minor' },
  {
    row: 'update',
    measure: 'wire',
    limit: 0.45,
    against: 'ostree delta',
    againstRow: oneTime,
    pair: 'small-minor',
  },
  {
    row: 'update',
    measure: 'wire',
    limit: 0.8,
    against: 'ostree delta',
    againstRow: oneTime,
    pair: 'large-minor',
  },
  { row: 'update', measure: 'wire', limit: 1, against: 'full image, tar.xz' },
  { row: oneTime, measure: 'wall', limit: 1, against: 'ostree objects', pair: 'small-minor' },
  { row: oneTime, measure: 'wall', limit: 1, against: 'ostree delta', pair: 'small-minor' },
  { row: oneTime, measure: 'wall', limit: 0.75, against: 'ostree objects', pair: 'large-minor' },
  { row: oneTime, measure: 'wall', limit: 0.75, against: 'ostree delta', pair: 'large-minor' },
  { row: oneTime, measure: 'wire', limit: 0.45, against: 'ostree delta', pair: 'small-minor' },
  { row: oneTime, measure: 'wire', limit: 0.8, against: 'ostree delta', pair: 'large-minor' },
  { row: 'classroom', measure: 'wall', limit: 1.2, against: 'ostree delta' },
  { row: 'classroom', measure: 'server CPU', limit: 0.6 },
  { row: 'classroom', measure: 'server memory', limit: 150e6 },
  { row: 'classroom', who: 'satchel, nginx', measure: 'server CPU', limit: 0.05 },
  { row: 'thin link', measure: 'wall', limit: 0.55, against: 'ostree delta' },
  ...['room behind a site', 'room behind a site, 100 kbit/s'].map((row) => ({
    row,
    measure: 'wire' as const,
    limit: 1.02,
    against: 'satchel, one device',
  })),
  { row: 'room behind a site, 100 kbit/s', measure: 'wall', limit: 1.3, against: 'satchel, one device' },
  { row: 'room behind a site', measure: 'server memory', limit: 200e6 },
  { row: '500 askers of a site', measure: 'server memory', limit: 200e6 },
  { row: '500 askers of a site', measure: 'wire', limit: 1.02, against: 'the file' },
  { row: 'tree for rsync', measure: 'wall', limit: 3 },
  ...['', ', one time'].map((times) => ({
    row: `both trees for rsync${times}`,
    measure: 'disk' as const,
    limit: 1.3,
    against: 'satchel',
    againstRow: `tree for rsync${times}`,
  })),
  { row: 'old clients', measure: 'server CPU', limit: 1.2, against: 'rsync' },
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
  const known = (values: readonly (number | undefined)[]) => values.filter((value) => value !== undefined);
  const over = (values: readonly (number | undefined)[]) =>
    known(values).length === 0 ? undefined : median(known(values));
  switch (measure) {
    case 'wall':
      return over(samples.map((sample) => sample.wall));
    case 'cpu':
      return over(samples.map((sample) => sample.cpu));
    case 'memory':
      return over(samples.map((sample) => sample.peak));
    case 'written':
      return over(samples.map((sample) => sample.written));
    case 'server memory':
      return over(samples.map((sample) => sample.serverPeak));
    case 'server CPU': {
      const values = known(samples.map((sample) => sample.serverCpu));
      return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
    }
    case 'wire':
      return result.wire?.bytes;
    case 'requests':
      return result.wire?.requests;
    case 'in turn':
      return result.wire?.inTurn;
    case 'disk':
      return result.disk;
  }
}

/** Holds our results against every goal that both sides were measured for. */
export function judge(results: readonly Result[]): Verdict[] {
  const verdicts: Verdict[] = [];
  for (const goal of goals) {
    const { who: our = 'satchel', against, againstRow = goal.row } = goal;
    for (const result of results.filter(({ row, who }) => row === goal.row && who === our)) {
      const { pair } = result;
      const ours = figure(result, goal.measure);
      if (ours === undefined || (goal.pair !== undefined && goal.pair !== pair)) continue;
      if (against === undefined) {
        verdicts.push({ goal, pair, ours, allowed: goal.limit, met: ours <= goal.limit });
        continue;
      }
      const other = results.find(
        ({ row, who, pair: same }) => row === againstRow && who === against && same === pair,
      );
      const theirs = other && figure(other, goal.measure);
      if (theirs === undefined) continue;
      const allowed = theirs * goal.limit + (goal.row === 'kill and resume' ? perKill : 0);
      verdicts.push({ goal, pair, ours, theirs, allowed, met: ours <= allowed });
    }
  }
  return verdicts;
}
