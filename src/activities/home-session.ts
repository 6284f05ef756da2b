import { SatchelError } from '../base/errors.ts';
import type { StreamName } from '../base/identifiers.ts';
import { chooseStream, type DeviceConfiguration, readConfiguration } from '../device/configuration.ts';
import { deviceLayout } from '../device/layout.ts';
import { type DeviceSession, openSessionFor, type SessionOptions } from '../device/session.ts';
import {
  defaultGroup,
  type GroupName,
  type GroupRecord,
  parseGroupRecord,
} from '../repository/group-record.ts';
import { groupTarget } from '../repository/layout.ts';
import { openTrustClient } from '../trust/client.ts';
import { loadState } from '../trust/trust-state.ts';
import type { HomeLayout } from './home.ts';
import type { HomeState } from './home-state.ts';

/** What a home takes from the device that it is on. */
export type DeviceSettings = {
  readonly configuration: DeviceConfiguration & { readonly source: string };
  readonly stream: StreamName;
  /** The root of trust of the device, byte for byte. */
  readonly trust: Uint8Array;
};

/**
 * Source, stream and trust of the device below `root`. Throws `device-without-source`, `trust-not-pinned`,
 * `updates-switched-off` where its stream is `none`.
 */
export function deviceSettings(
  root: string,
  given: { readonly source?: string | undefined; readonly stream?: StreamName | undefined },
): DeviceSettings {
  const layout = deviceLayout(root);
  const configuration = readConfiguration(layout);
  const source = given.source ?? configuration?.source;
  if (source === undefined) throw new SatchelError('device-without-source', { root: layout.root });
  const trust = loadState(layout.trust)?.newest.get('root');
  if (trust === undefined) throw new SatchelError('trust-not-pinned', { directory: layout.trust });
  const { stream, never } = chooseStream(layout, given.stream, configuration);
  if (never) throw new SatchelError('updates-switched-off', {});
  return { configuration: { ...configuration, source }, stream, trust: trust.bytes };
}

/** A home and the source that it talks to, with the groups that it follows. */
export type HomeSession = { readonly session: DeviceSession; readonly groups: readonly GroupRecord[] };

/**
 * Opens the source for a home, which trusts what its device trusts, and reads the groups that it follows. A default
 * group that does not exist is no group; one that somebody named is asked for. Throws `group-not-found`, and what the
 * source and the checks of its metadata throw.
 */
export async function openHomeSession(
  layout: HomeLayout,
  { groups = [] }: Pick<HomeState, 'groups'>,
  settings: DeviceSettings,
  options: Omit<SessionOptions, 'root' | 'source'>,
): Promise<HomeSession> {
  await pinAsDevice(layout, settings, options);
  const session = await openSessionFor(layout.place, settings.configuration, options);
  try {
    const names = groups.length > 0 ? groups : [defaultGroup];
    const records: GroupRecord[] = [];
    for (const name of names) {
      const record = await readGroup(session, name, options.signal);
      if (record !== undefined) records.push(record);
      else if (groups.length > 0)
        throw new SatchelError('group-not-found', { name, location: session.store.location });
    }
    return { session, groups: records };
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** A home that was made for another organisation begins anew with the device's. */
async function pinAsDevice(
  { place }: HomeLayout,
  { trust }: DeviceSettings,
  { clock, reporter }: Omit<SessionOptions, 'root' | 'source'>,
): Promise<void> {
  if (loadState(place.trust) !== undefined) return;
  const nowhere = { location: place.trust } as DeviceSession['store'];
  await openTrustClient({ directory: place.trust, store: nowhere, clock, reporter }).pin(trust);
}

async function readGroup(
  { client }: DeviceSession,
  name: GroupName,
  signal: AbortSignal | undefined,
): Promise<GroupRecord | undefined> {
  const path = groupTarget(name);
  const info = await client.locate(path, { ...(signal ? { signal } : {}) });
  if (info === undefined) return undefined;
  return parseGroupRecord(await client.download(info, { ...(signal ? { signal } : {}) }), path);
}
