import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatBytes } from '../src/base/units.ts';
import type { Result } from './contest.ts';
import { figure, judge, type Measure, type Verdict } from './goals.ts';

/** Which programs took part and on what, so that figures can be compared later; nothing that names the machine. */
export type Setting = {
  readonly when: string;
  readonly runs: number;
  readonly processors: number;
  readonly versions: Readonly<Record<string, string>>;
};

const columns: readonly Measure[] = ['wall', 'cpu', 'server CPU', 'memory', 'wire', 'requests', 'disk'];

/** The whole run as text: figures of every contender, then our goals. */
export function describeResults(results: readonly Result[], setting: Setting): string {
  const lines = [
    `medians of ${setting.runs}, ${setting.processors} processors; ${Object.values(setting.versions).join('; ')}`,
    '',
    ...table([
      ['pair', 'row', 'who', ...columns, 'tree'],
      ...results.map((result) => [
        result.pair,
        result.row,
        result.who,
        ...columns.map((measure) => shown(measure, figure(result, measure))),
        result.tree ?? '',
      ]),
    ]),
  ];
  const verdicts = judge(results);
  if (verdicts.length > 0)
    lines.push(
      '',
      ...table([
        ['pair', 'row', 'measure', 'ours', 'theirs', 'ratio', 'goal', ''],
        ...verdicts.map(describeVerdict),
      ]),
    );
  return lines.join('\n');
}

/** Writes the results as JSON, one file a pair. */
export function writeResults(directory: string, results: readonly Result[], setting: Setting): void {
  mkdirSync(directory, { recursive: true });
  for (const pair of new Set(results.map((result) => result.pair))) {
    const own = results.filter((result) => result.pair === pair);
    const content = { setting, results: own, goals: judge(own) };
    writeFileSync(join(directory, `${pair}.json`), `${JSON.stringify(content, null, 2)}\n`);
  }
}

function describeVerdict({ goal, pair, ours, theirs, met }: Verdict): string[] {
  const limit =
    goal.against === undefined ? shown(goal.measure, goal.limit) : `${goal.limit} × ${goal.against}`;
  return [
    pair,
    goal.row,
    goal.measure,
    shown(goal.measure, ours),
    shown(goal.measure, theirs),
    theirs === undefined ? '' : (ours / theirs).toFixed(2),
    `≤ ${limit}`,
    met ? 'met' : 'NOT MET',
  ];
}

function shown(measure: Measure, value: number | undefined): string {
  if (value === undefined) return '';
  if (measure === 'requests') return String(value);
  if (measure === 'memory' || measure === 'wire' || measure === 'disk') return formatBytes(value);
  return `${value.toFixed(value < 0.1 ? 3 : 2)} s`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  const [heading, ...rest] = rows;
  return [line(heading!), widths.map((width) => '-'.repeat(width)).join('  '), ...rest.map(line)];
}
