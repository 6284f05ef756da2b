import { SatchelError } from '../base/errors.ts';
import type { StreamName } from '../base/identifiers.ts';
import { type DeviceConfiguration, readConfiguration, writeConfiguration } from './configuration.ts';
import { deviceLayout } from './layout.ts';
import { lockDevice } from './lock.ts';

/** What is changed; what is absent stays. */
export type ConfigurationChange = {
  readonly source?: string | undefined;
  readonly stream?: StreamName | undefined;
  /** Most bytes to receive in a calendar month; null: as many as it likes. */
  readonly monthlyBytes?: number | null | undefined;
};

/**
 * Changes what an operator has set on a device, and gives all of it. Throws `device-not-initialised`,
 * `update-running`.
 */
export function configureDevice(root: string, change: ConfigurationChange): DeviceConfiguration {
  const layout = deviceLayout(root);
  if (readConfiguration(layout) === undefined)
    throw new SatchelError('device-not-initialised', { root: layout.root });
  using _lock = lockDevice(layout);
  const before = readConfiguration(layout);
  if (before === undefined) throw new SatchelError('device-not-initialised', { root: layout.root });
  const stream = change.stream ?? before.stream;
  const monthlyBytes = change.monthlyBytes === undefined ? before.monthlyBytes : change.monthlyBytes;
  const after: DeviceConfiguration = {
    source: change.source ?? before.source,
    ...(stream === undefined ? {} : { stream }),
    ...(monthlyBytes === undefined || monthlyBytes === null ? {} : { monthlyBytes }),
  };
  writeConfiguration(layout, after);
  return after;
}
