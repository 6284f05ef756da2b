import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { formatBytes, formatSeconds } from '../../src/base/units.ts';
import { say } from './words.ts';

/** What one step of the story cost. Absent figures do not apply to the step. */
export type StepCost = {
  readonly step: string;
  readonly seconds: number;
  readonly received?: number;
  readonly requests?: number;
  /** Bytes that the step's directory grew by. */
  readonly disk?: number;
};

/** Bytes on disk below a directory; names that share an inode count once. 0 if there is none. */
export function bytesOnDisk(directory: string): number {
  if (!existsSync(directory)) return 0;
  return Number(execFileSync('du', ['-s', '--block-size=1', directory], { encoding: 'utf8' }).split('\t')[0]);
}

/** The costs as lines of a table. */
export function costTable(costs: readonly StepCost[]): string[] {
  const rows = [
    [
      say('column-step'),
      say('column-time'),
      say('column-received'),
      say('column-requests'),
      say('column-disk'),
    ],
    ...costs.map((cost) => [
      cost.step,
      formatSeconds(cost.seconds),
      cost.received === undefined ? '' : formatBytes(cost.received),
      cost.requests === undefined ? '' : String(cost.requests),
      cost.disk === undefined ? '' : formatBytes(Math.max(0, cost.disk)),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('   ')
      .trimEnd();
  const [heading, ...rest] = rows;
  return [line(heading!), widths.map((width) => '─'.repeat(width)).join('   '), ...rest.map(line)];
}
