import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatBytes } from '../src/base/units.ts';
import { drawChart } from './chart.ts';
import type { Result } from './contest.ts';
import { figure, judge, type Measure, type Verdict } from './goals.ts';

/** Which programs took part and on what, so that figures can be compared later; nothing that names the machine. */
export type Setting = {
  readonly when: string;
  readonly processors: number;
  /** How the kernel paces what is sent, which decides much on a thin link. */
  readonly congestionControl: string;
  readonly versions: Readonly<Record<string, string>>;
};

const columns: readonly Measure[] = [
  'wall',
  'cpu',
  'server CPU',
  'memory',
  'server memory',
  'wire',
  'requests',
  'in turn',
  'written',
  'disk',
];

/** What a contender's figure is a multiple of ours for. */
const ratios: readonly Measure[] = ['wall', 'wire'];

/** The whole run as text: figures of every contender, then our goals. */
export function describeResults(results: readonly Result[], setting: Setting): string {
  const lines = [
    `medians; ${setting.processors} processors; ${setting.congestionControl}; ${Object.values(setting.versions).join('; ')}`,
    '',
    ...table([
      ['pair', 'row', 'who', 'runs', ...columns, ...ratios.map((measure) => `${measure} / ours`), 'tree'],
      ...results.map((result) => [
        result.pair,
        result.row,
        nameOf(result),
        result.samples.length === 0 ? '' : String(result.samples.length),
        ...columns.map((measure) => shown(measure, figure(result, measure))),
        ...ratios.map((measure) => ratioToOurs(results, result, measure)),
        result.tree ?? '',
      ]),
    ]),
  ];
  const verdicts = judge(results);
  if (verdicts.length > 0)
    lines.push(
      '',
      ...table([
        ['pair', 'row', 'who', 'measure', 'ours', 'theirs', 'ratio', 'goal', ''],
        ...verdicts.map(describeVerdict),
      ]),
    );
  return lines.join('\n');
}

/** Writes the results, one JSON file and one chart a pair. */
export function writeResults(directory: string, results: readonly Result[], setting: Setting): void {
  mkdirSync(directory, { recursive: true });
  for (const pair of new Set(results.map((result) => result.pair))) {
    const own = results.filter((result) => result.pair === pair);
    const content = { setting, results: own, goals: judge(own) };
    writeFileSync(join(directory, `${pair}.json`), `${JSON.stringify(content, null, 2)}\n`);
    const chart = chartOf(pair, own);
    if (chart !== undefined) writeFileSync(join(directory, `${pair}.svg`), chart);
  }
}

/** A chart of what people ask first: how long, and how many bytes. Undefined where there is nothing to compare. */
function chartOf(pair: string, results: readonly Result[]): string | undefined {
  const groups = ratios.flatMap((measure) =>
    [...new Set(results.map(({ row }) => row))].map((row) => ({
      title: `${row}: ${measure === 'wall' ? 'time' : 'bytes on the wire'}`,
      bars: results.flatMap((result) => {
        const value = result.row === row ? figure(result, measure) : undefined;
        if (value === undefined) return [];
        const isOurs = result.who.startsWith('satchel');
        return [{ label: nameOf(result), value, text: shown(measure, value), isOurs }];
      }),
    })),
  );
  const comparable = groups.filter(({ bars }) => bars.length > 1);
  return comparable.length === 0 ? undefined : drawChart(pair, comparable);
}

function nameOf({ who, version }: Result): string {
  return version === undefined ? who : `${who} (${version})`;
}

function ratioToOurs(results: readonly Result[], result: Result, measure: Measure): string {
  const ours = results.find(
    ({ pair, row, who }) => pair === result.pair && row === result.row && who === 'satchel',
  );
  const [theirs, own] = [figure(result, measure), ours && figure(ours, measure)];
  return ours === result || theirs === undefined || !own ? '' : (theirs / own).toFixed(2);
}

function describeVerdict({ goal, pair, ours, theirs, met }: Verdict): string[] {
  const limit =
    goal.against === undefined ? shown(goal.measure, goal.limit) : `${goal.limit} × ${goal.against}`;
  return [
    pair,
    goal.row,
    goal.who ?? 'satchel',
    goal.measure,
    shown(goal.measure, ours),
    shown(goal.measure, theirs),
    theirs === undefined ? '' : (ours / theirs).toFixed(2),
    `≤ ${limit}`,
    met ? 'met' : 'NOT MET',
  ];
}

const counts: readonly Measure[] = ['requests', 'in turn'];
const seconds: readonly Measure[] = ['wall', 'cpu', 'server CPU'];

function shown(measure: Measure, value: number | undefined): string {
  if (value === undefined) return '';
  if (counts.includes(measure)) return String(value);
  if (!seconds.includes(measure)) return formatBytes(value);
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
