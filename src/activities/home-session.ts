import { type Clock, systemClock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import type { StreamName } from '../base/identifiers.ts';
import { chooseStream, type DeviceConfiguration, readConfiguration } from '../device/configuration.ts';
import { deviceLayout } from '../device/layout.ts';
import { type DeviceSession, openSessionFor, type PlaceOptions } from '../device/session.ts';
import {
  defaultGroup,
  type GroupName,
  type GroupRecord,
  parseGroupRecord,
} from '../repository/group-record.ts';
import { groupTarget } from '../repository/layout.ts';
import { openTrustClient } from '../trust/client.ts';
import { areOfOneOrganisation } from '../trust/root-kinship.ts';
import { loadState } from '../trust/trust-state.ts';
import type { HomeLayout } from './home.ts';
import { type HomeAccount, openHomeAccount } from './home-account.ts';
import type { HomeState } from './home-state.ts';

/** What a home takes from the device that it is on. */
export type DeviceSettings = {
  readonly configuration: DeviceConfiguration & { readonly source: string };
  readonly stream: StreamName;
  /** The root of trust of the device, byte for byte. */
  readonly trust: Uint8Array;
  /** Where it is counted what comes through a network; undefined: in an account of the home. */
  readonly account?: HomeAccount | undefined;
};

/**
 * Source, stream, trust and account of the device below `root`, for a process that may become somebody else afterwards.
 * Throws `device-without-source`, `trust-not-pinned`,
 * `updates-switched-off` where its stream is `none`.
 */
export function deviceSettings(
  root: string,
  given: { readonly source?: string | undefined; readonly stream?: StreamName | undefined },
  clock: Clock = systemClock,
): DeviceSettings {
  const layout = deviceLayout(root);
  const configuration = readConfiguration(layout);
  const source = given.source ?? configuration?.source;
  if (source === undefined) throw new SatchelError('device-without-source', { root: layout.root });
  const trust = loadState(layout.trust)?.newest.get('root');
  if (trust === undefined) throw new SatchelError('trust-not-pinned', { directory: layout.trust });
  const { stream, never } = chooseStream(layout, given.stream, configuration);
  if (never) throw new SatchelError('updates-switched-off', {});
  const settings = { ...configuration, source };
  const account = openHomeAccount(layout, settings, clock);
  return { configuration: settings, stream, trust: trust.bytes, account };
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
  state: Pick<HomeState, 'groups'>,
  settings: DeviceSettings,
  options: Omit<PlaceOptions, 'source' | 'account'>,
): Promise<HomeSession> {
  const account = settings.account?.(layout.place);
  try {
    await pinAsDevice(layout, settings, options);
    const opened = await openSessionFor(layout.place, settings.configuration, { ...options, account });
    try {
      const groups = await readGroups(opened, state, options.signal);
      const close = () => opened.close().finally(() => account?.close());
      return { session: { ...opened, close }, groups };
    } catch (error) {
      await opened.close();
      throw error;
    }
  } catch (error) {
    await account?.close();
    throw error;
  }
}

/** A home that was made for another organisation begins anew with the device's. */
async function pinAsDevice(
  { place }: HomeLayout,
  { trust }: DeviceSettings,
  { clock, reporter }: Pick<PlaceOptions, 'clock' | 'reporter'>,
): Promise<void> {
  const held = loadState(place.trust)?.newest.get('root');
  if (held !== undefined && (await areOfOneOrganisation(held.bytes, trust))) return;
  const nowhere = { location: place.trust } as DeviceSession['store'];
  const client = openTrustClient({ directory: place.trust, store: nowhere, clock, reporter });
  await client.pin(trust, { replace: true });
}

async function readGroups(
  session: DeviceSession,
  { groups = [] }: Pick<HomeState, 'groups'>,
  signal: AbortSignal | undefined,
): Promise<GroupRecord[]> {
  const names = groups.length > 0 ? groups : [defaultGroup];
  const records: GroupRecord[] = [];
  for (const name of names) {
    const record = await readGroup(session, name, signal);
    if (record !== undefined) records.push(record);
    else if (groups.length > 0)
      throw new SatchelError('group-not-found', { name, location: session.store.location });
  }
  return records;
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
