import { hash } from 'node:crypto';
import type { DecisionTimes } from '../advice/decision.ts';
import type { Clock } from '../base/clock.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { BuildName, StreamName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { HttpStore } from '../store/http.ts';
import type { ReadableStore } from '../store/store.ts';
import { openTrustClient, type Refreshed, type TrustClient } from '../trust/client.ts';
import { organisationOf } from '../trust/organisation.ts';
import { loadState } from '../trust/trust-state.ts';
import { chooseStream, type DeviceConfiguration, readConfiguration } from './configuration.ts';
import type { DataAccount } from './data-account.ts';
import type { DataMonth } from './data-month.ts';
import { openFirstPlace } from './first-place.ts';
import { type DeviceLayout, deviceLayout, requireDevice, requireInsideRoot } from './layout.ts';
import type { Meter } from './metered-source.ts';
import { countedAsk, openMeteredSource } from './open-source.ts';
import { openSpool, type Spool } from './spool.ts';
import type { Choice } from './wanted.ts';

/** A device and the source that it talks to, for the length of one command. */
export type DeviceSession = {
  readonly layout: DeviceLayout;
  readonly store: ReadableStore;
  readonly client: TrustClient;
  /** What time it is for decisions, by what is trusted now. */
  readonly times: DecisionTimes;
  readonly spool: Spool;
  readonly meter: Meter;
  /** Asks a program behind the source, where there can be one; what comes is counted. Throws `data-budget-spent`. */
  readonly ask?: HttpStore['ask'] | undefined;
  /** What the device has received this month; undefined when the source costs nothing. */
  month(): DataMonth | undefined;
  /** What was asked of the source so far. */
  counters(): { bytesReceived: number; requests: number };
  close(): Promise<void>;
};

export type SessionOptions = {
  readonly root: string;
  /** Another source than the configured one. */
  readonly source?: string | undefined;
  /** Milliseconds that a source may be silent before it is given up; the store's own when absent. */
  readonly patience?: number | undefined;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Opens a device and brings its trusted metadata up to date with the source. A source that is behind what the
 * device has seen is used for its files only. Throws `device-not-initialised`, `device-without-source`,
 * `place-not-found`, and what the source and the checks of its metadata throw.
 */
export async function openSession(options: SessionOptions): Promise<DeviceSession> {
  const layout = deviceLayout(options.root);
  const configuration = readConfiguration(layout);
  if (configuration?.source === undefined) {
    // A device that is updated through rsync only has versions, and repairs them in another way.
    requireDevice(layout);
    throw new SatchelError('device-without-source', { root: layout.root });
  }
  requireInsideRoot(layout);
  return openSessionFor(layout, { ...configuration, source: configuration.source }, options);
}

/** How a place that is no device is opened. */
export type PlaceOptions = Omit<SessionOptions, 'root'> & {
  /** Counts what comes, in place of an account of the place, and is closed by whoever opened it. */
  readonly account?: DataAccount | undefined;
};

/** The same for any place that keeps its trust and its spool like a device, with what is set for it. */
export async function openSessionFor(
  layout: DeviceLayout,
  configuration: DeviceConfiguration & { readonly source: string },
  options: PlaceOptions,
): Promise<DeviceSession> {
  const { session } = await openFirstPlace<OpenedAt>(
    options.source ?? configuration.source,
    {
      reporter: options.reporter,
      discovery: () => ({
        addresses: configuration.addresses ?? [],
        organisation: organisationKnown(layout, configuration),
        signal: options.signal,
      }),
      isSecondBest: ({ isOlder }) => isOlder,
      close: ({ session }) => session.close(),
    },
    (address) => openSessionAt(address, layout, configuration, options),
  );
  return session;
}

/** A session, and whether its source is behind what the device has seen. */
type OpenedAt = { readonly session: DeviceSession; readonly isOlder: boolean };

async function openSessionAt(
  address: string,
  layout: DeviceLayout,
  configuration: DeviceConfiguration,
  options: PlaceOptions,
): Promise<OpenedAt> {
  const { store, month } = await openMeteredSource(layout, {
    address,
    monthlyBytes: configuration.monthlyBytes,
    patience: options.patience,
    clock: options.clock,
    account: options.account,
  });
  try {
    const { clock, reporter, signal } = options;
    const client = openTrustClient({ directory: layout.trust, store, clock, reporter });
    const ours = organisationKnown(layout, configuration);
    const { isOlder, issued, now } = await refresh(client, store, { ours, reporter, signal });
    const session = {
      layout,
      store,
      client,
      // Without a time nothing in a rollout has begun.
      times: { issued: issued ?? 0, now },
      spool: openSpool(layout.spool),
      meter: store.meter,
      ask: countedAsk(store),
      month,
      counters: () => store.counters(),
      close: () => store.close(),
    };
    return { session, isOlder };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Whose repository the device follows: as settled when it became one, else by the first root if it still holds that. */
function organisationKnown(
  { trust }: DeviceLayout,
  { organisation }: DeviceConfiguration,
): string | undefined {
  if (organisation !== undefined) return organisation;
  const root = loadState(trust)?.newest.get('root');
  return root?.version === 1 ? hash('sha256', root.bytes) : undefined;
}

/** What is trusted now, and whether the source is behind that. Throws `source-of-another-organisation`. */
async function refresh(
  client: TrustClient,
  store: ReadableStore,
  {
    ours,
    reporter,
    signal,
  }: {
    readonly ours: string | undefined;
    readonly reporter: Reporter;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Refreshed & { readonly isOlder: boolean }> {
  try {
    return { ...(await client.refresh({ signal })), isOlder: false };
  } catch (error) {
    // What the trusted keys have not signed may look old, and is somebody else's.
    if (isUnsigned(error)) await refuseStrangers(store, ours, signal);
    if (!isSatchelError(error, 'metadata-rolled-back')) throw error;
    reporter.notice('source-is-older', { source: store.location });
    return { ...client.judge(), isOlder: true };
  }
}

function isUnsigned(error: unknown): boolean {
  if (isSatchelError(error, 'metadata-rolled-back')) return isSatchelError(error.cause, 'metadata-unsigned');
  return isSatchelError(error, 'metadata-unsigned');
}

async function refuseStrangers(
  store: ReadableStore,
  ours: string | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (ours === undefined) return;
  const theirs = await organisationOf(store, signal).catch((error: unknown) => {
    // What went wrong before says more.
    if (!isSatchelError(error) || error.code === 'cancelled') throw error;
    return undefined;
  });
  if (theirs === undefined || theirs === ours) return;
  const short = (root: string) => root.slice(0, 16);
  throw new SatchelError('source-of-another-organisation', {
    location: store.location,
    theirs: short(theirs),
    ours: short(ours),
  });
}

/**
 * What the device should run: a build that somebody named, else its stream. Throws `updates-switched-off`
 * when its stream is `none`.
 */
export function chooseWanted(
  layout: DeviceLayout,
  given: { readonly build?: BuildName | undefined; readonly stream?: StreamName | undefined },
): Choice {
  if (given.build !== undefined) return { build: given.build };
  const { stream, never } = chooseStream(layout, given.stream, readConfiguration(layout));
  if (never) throw new SatchelError('updates-switched-off', {});
  return { stream };
}
