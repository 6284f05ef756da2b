import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeTemporaries, writeFileAtomic } from '../os/atomic-file.ts';
import { listIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { DeviceLayout } from './layout.ts';
import type { DeviceReport } from './report.ts';

/** Reports that wait; the oldest go when there are more. */
const mostWaiting = 200;

/** `<sequence>-<id>.json`, and with `.carried` before the end where a stick has a copy. */
const queuedName = /^\d{16}-[0-9a-f]{32}(\.carried)?\.json$/;

/** A report that waits for being sent. */
export type QueuedReport = {
  readonly file: string;
  readonly report: DeviceReport;
  /** True when a stick has a copy: it is on its way, but nobody has said that it arrived. */
  readonly isCarried: boolean;
};

/** Adds a report on disk. */
export function addToQueue({ reports }: DeviceLayout, report: DeviceReport): void {
  withSystemErrors('mkdir', reports, () => mkdirSync(reports, { recursive: true, mode: 0o755 }));
  const name = `${String(report.sequence).padStart(16, '0')}-${report.id}.json`;
  writeFileAtomic(join(reports, name), `${JSON.stringify(report)}\n`);
  // What a killed process left; another may be writing just now.
  removeTemporaries(reports, { olderThanMs: 3_600_000 });
  const names = queuedNames(reports);
  for (const old of names.slice(0, -mostWaiting)) remove(reports, old);
}

/** True when any report waits. */
export function isAnyQueued({ reports }: DeviceLayout): boolean {
  return queuedNames(reports).length > 0;
}

/** What waits, oldest first. A file that a failing disk has damaged is removed. */
export function readQueue({ reports }: DeviceLayout): QueuedReport[] {
  return queuedNames(reports).flatMap((name) => {
    const file = join(reports, name);
    const report = parseReport(file);
    if (report !== undefined) return [{ file, report, isCarried: name.includes('.carried.') }];
    remove(reports, name);
    return [];
  });
}

/** Takes reports off the queue: somebody else has them on disk now. */
export function forget(queued: readonly QueuedReport[]): void {
  for (const { file } of queued) withSystemErrors('unlink', file, () => rmSync(file, { force: true }));
}

/** Notes that a stick has a copy. */
export function markCarried({ file, isCarried }: QueuedReport): void {
  if (isCarried) return;
  withSystemErrors('rename', file, () => renameSync(file, file.replace(/\.json$/, '.carried.json')));
}

/** Removes all that waits. */
export function forgetReports({ reports }: DeviceLayout): void {
  for (const name of queuedNames(reports)) remove(reports, name);
}

function queuedNames(reports: string): string[] {
  return listIfThere(reports)
    .filter((name) => queuedName.test(name))
    .sort();
}

function remove(reports: string, name: string): void {
  const path = join(reports, name);
  withSystemErrors('unlink', path, () => rmSync(path, { force: true }));
}

function parseReport(path: string): DeviceReport | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const isReport = typeof value === 'object' && value !== null && 'id' in value && 'device' in value;
    return isReport ? (value as DeviceReport) : undefined;
  } catch {
    return undefined;
  }
}
