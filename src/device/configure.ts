import { existsSync } from 'node:fs';
import { SatchelError } from '../base/errors.ts';
import type { StreamName } from '../base/identifiers.ts';
import { type DeviceConfiguration, readConfiguration, writeConfiguration } from './configuration.ts';
import { deviceLayout, initialiseDevice, requireDevice } from './layout.ts';
import { lockDevice } from './lock.ts';
import { forgetReports } from './report-queue.ts';

/** What is changed; what is absent stays. */
export type ConfigurationChange = {
  readonly source?: string | undefined;
  /** What is asked before any others with the source `auto`; none: no list any more. */
  readonly addresses?: readonly string[] | undefined;
  readonly stream?: StreamName | undefined;
  /** Most bytes to receive in a calendar month; null: as many as it likes. */
  readonly monthlyBytes?: number | null | undefined;
  /** Whether it tells what it runs. */
  readonly reports?: boolean | undefined;
  /** Whether versions that come are sealed. */
  readonly seal?: boolean | undefined;
};

/**
 * Changes what an operator has set on a device, and gives all of it. A device that is updated through rsync only has
 * a budget and a stream too; a source it gets by `device init`, which pins whom to trust. Throws
 * `device-not-initialised`, `device-without-source`, `update-running`.
 */
export function configureDevice(root: string, change: ConfigurationChange): DeviceConfiguration {
  const layout = existsSync(deviceLayout(root).pristine) ? initialiseDevice(root) : deviceLayout(root);
  requireDevice(layout);
  using _lock = lockDevice(layout);
  const before = readConfiguration(layout) ?? {};
  if (change.source !== undefined && before.source === undefined)
    throw new SatchelError('device-without-source', { root: layout.root });
  const source = change.source ?? before.source;
  const stream = change.stream ?? before.stream;
  const addresses = change.addresses ?? before.addresses ?? [];
  const monthlyBytes = change.monthlyBytes === undefined ? before.monthlyBytes : change.monthlyBytes;
  const reports = change.reports ?? before.reports ?? true;
  const seal = change.seal ?? before.seal;
  const after: DeviceConfiguration = {
    ...(source === undefined ? {} : { source }),
    ...(addresses.length === 0 ? {} : { addresses }),
    ...(before.organisation === undefined ? {} : { organisation: before.organisation }),
    ...(stream === undefined ? {} : { stream }),
    ...(monthlyBytes === undefined || monthlyBytes === null ? {} : { monthlyBytes }),
    ...(reports ? {} : { reports }),
    ...(seal === undefined ? {} : { seal }),
  };
  writeConfiguration(layout, after);
  if (!reports) forgetReports(layout);
  return after;
}
