import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildName } from '../base/identifiers.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { DeviceLayout } from './layout.ts';

/** What a report may carry. */
export const mostLines = 40;
export const mostLineBytes = 4096;

/** The longest line of a report, in characters. */
const longestLine = 200;

/** What programs write to colour a terminal. */
const colours = /\u001b\[[0-9;]*[A-Za-z]/g;

/** What the file of a version may grow to, in bytes. */
const longestLog = 64 * 1024;

/** The last lines of the latest boot of a version, for people and reports: at most {@link mostLines}, all printable. */
export function lastLines(layout: DeviceLayout, build: BuildName): string[] {
  const text = readFileIfThere(logFile(layout, build))?.subarray(-longestLog).toString('utf8') ?? '';
  return fittingLines(text.split('\n'));
}

/** The last of these lines that a report may carry, without what a terminal would obey. */
export function fittingLines(given: readonly string[]): string[] {
  const lines: string[] = [];
  let bytes = 0;
  for (const line of given
    .map(printable)
    .filter((text) => text !== '')
    .reverse()) {
    bytes += Buffer.byteLength(line) + 1;
    if (lines.length === mostLines || bytes > mostLineBytes) break;
    lines.unshift(line);
  }
  return lines;
}

/** Adds lines to what a boot said; the oldest go when it grows too long. Atomic: a power cut never loses the rest. */
export function appendBootLog(layout: DeviceLayout, build: BuildName, lines: readonly string[]): void {
  const path = logFile(layout, build);
  const before = readFileIfThere(path) ?? Buffer.alloc(0);
  const separator = before.length === 0 || before.at(-1) === 0x0a ? '' : '\n';
  const after = Buffer.concat([before, Buffer.from(`${separator}${lines.join('\n')}\n`, 'utf8')]);
  const start = Math.max(0, after.length - longestLog);
  withSystemErrors('mkdir', layout.bootLogs, () => mkdirSync(layout.bootLogs, { recursive: true }));
  writeFileAtomic(path, after.subarray(start === 0 ? 0 : after.indexOf(0x0a, start) + 1));
}

/** The file of a version. */
export function logFile({ bootLogs }: DeviceLayout, build: string): string {
  return join(bootLogs, `${build}.log`);
}

function printable(line: string): string {
  const text = line
    .replace(colours, '')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
  return text.length > longestLine
    ? `${text.slice(0, longestLine - 1).toWellFormed()}…`
    : text.toWellFormed();
}
