import type { Interval } from './pull-intervals.ts';

/** Bytes of runs. */
export function runBytes(runs: readonly Interval[]): number {
  return runs.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** How runs are put together to requests. */
export type JoinOptions = {
  /** The most unwanted bytes that are read instead of asking once more. */
  readonly gap: number;
  /** Runs are not joined to more than this; a single longer one is cut into pieces of it. */
  readonly longest: number;
};

/** The parts of a file to ask for: runs joined over small gaps, ascending. */
export function joinRuns(runs: readonly Interval[], { gap, longest }: JoinOptions): Interval[] {
  const parts: { start: number; end: number }[] = [];
  for (const { start, end } of runs) {
    const last = parts.at(-1);
    if (last !== undefined && start - last.end <= gap && end - last.start <= longest) last.end = end;
    else parts.push({ start, end });
  }
  return parts.flatMap(({ start, end }) => cut(start, end, longest));
}

function cut(start: number, end: number, longest: number): Interval[] {
  const pieces = Math.ceil((end - start) / longest);
  return Array.from({ length: pieces }, (_, number) => ({
    start: start + number * longest,
    end: Math.min(end, start + (number + 1) * longest),
  }));
}
