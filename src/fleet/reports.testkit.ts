import { randomBytes } from 'node:crypto';
import type { DeviceReport, SiteReport } from '../device/report.ts';

/** Random hex digits. */
export function hex(digits: number): string {
  return randomBytes(digits / 2).toString('hex');
}

/** A report of a device as any other. */
export function deviceReport(changes: Partial<DeviceReport> = {}): DeviceReport {
  return {
    id: hex(32),
    device: 'd'.repeat(32),
    made: '2026-03-01T08:00:00Z',
    sequence: 1,
    event: 'state',
    running: 'py802-1',
    disk: { free: 1_000_000, total: 4_000_000 },
    client: '0.1.0',
    ...changes,
  };
}

/** A report of a site as any other. */
export function siteReport(changes: Partial<SiteReport> = {}): SiteReport {
  return {
    id: hex(32),
    site: 'a'.repeat(16),
    name: 'school-7',
    made: '2026-03-01T08:00:00Z',
    sequence: 1,
    event: 'site',
    builds: [{ build: 'py802-1', complete: true }],
    devices: [{ build: 'py802-1', devices: 30 }],
    disk: { free: 1_000_000, total: 4_000_000 },
    client: '0.1.0',
    ...changes,
  };
}
