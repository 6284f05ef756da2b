import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { isSatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import { readDataCount } from '../device/data-account.ts';
import { type DataMonth, dataMonth } from '../device/data-month.ts';
import { isNetwork } from '../device/open-source.ts';
import { openFleet } from '../fleet/fleet.ts';
import { fleetDatabase } from '../fleet/layout.ts';
import { diskSpace } from '../os/disk.ts';
import { streamTarget } from '../repository/layout.ts';
import { parseStreamRecord } from '../repository/records.ts';
import { openDirectoryStore } from '../store/directory.ts';
import { openTrustClient } from '../trust/client.ts';
import { openTimeFloor } from '../trust/floor.ts';
import { placePolicy } from '../trust/policy.ts';
import { followableStreams } from './known-streams.ts';
import { type SiteLayout, siteLayout } from './layout.ts';
import { type LinkState, readLinkState, type Told, toldOf } from './link-file.ts';
import { isServedOffline } from './offline-mark.ts';
import { readSiteSettings, type SiteSettings } from './settings.ts';

/** How a site stands, from what lies on its disk: nobody is asked. */
export type SiteStatus = {
  readonly repository: string;
  readonly settings: Omit<SiteSettings, 'credential'>;
  /** True when reports go to the upstream by network. */
  readonly reports: boolean;
  /** Reports that wait to be passed on; undefined where that cannot be read. */
  readonly waiting: number | undefined;
  /** True while the process that serves it was told to ask nobody. */
  readonly offline: boolean;
  /** Followed streams that the repository does not have. */
  readonly unknownStreams: readonly string[];
  readonly link: LinkState;
  /** Undefined for an upstream that costs nothing: a directory. */
  readonly month: DataMonth | undefined;
  readonly metadata: SiteMetadata;
  readonly disk: { readonly free: number; readonly total: number };
};

/** What devices of a site see. */
export type SiteMetadata = {
  /** When the newest timestamp was signed, UTC; undefined before there is one. */
  readonly issued?: string;
  /** Versions of the roles. */
  readonly versions: Readonly<Record<string, number>>;
  /** Timestamp or snapshot that have run out and are used all the same. */
  readonly expired: readonly { readonly role: string; readonly expires: string }[];
  /** Why what is here may not be used any more. */
  readonly unusable?: Told;
  readonly streams: readonly SiteStream[];
};

/** A stream as this site hands it on. */
export type SiteStream = {
  readonly stream: string;
  readonly build: string;
  /** Since when no device is to update along it. */
  readonly haltedSince?: string;
};

/** Reads how a site stands. Throws `site-not-joined`, `site-settings-…`, `trust-state-damaged`. */
export async function readSiteStatus(repository: string, clock: Clock): Promise<SiteStatus> {
  const layout = siteLayout(repository);
  const { credential, ...settings } = readSiteSettings(layout);
  const { now } = openTimeFloor(join(layout.trust, 'floor'), clock);
  const metadata = await readSiteMetadata(layout, clock);
  const month = () => dataMonth(readDataCount(layout, now()), settings.monthlyBytes);
  return {
    repository: layout.repository,
    settings,
    reports: credential !== undefined && isNetwork(settings.upstream),
    waiting: await unlessAbsent(() => waitingReports(layout, clock)),
    offline: isServedOffline(layout),
    unknownStreams:
      metadata.names === undefined ? [] : settings.follow.filter((name) => !metadata.names?.has(name)),
    link: readLinkState(layout),
    month: isNetwork(settings.upstream) ? month() : undefined,
    metadata: metadata.seen,
    disk: diskSpace(layout.directory),
  };
}

/** Reads what devices of a site see, from its own disk. Throws `trust-state-damaged`, `repository-newer`. */
async function readSiteMetadata(
  layout: SiteLayout,
  clock: Clock,
): Promise<{ readonly seen: SiteMetadata; readonly names?: ReadonlySet<string> }> {
  const store = openDirectoryStore(layout.repository);
  const client = openTrustClient({ directory: layout.trust, store, clock, policy: placePolicy });
  if (!client.files().has('timestamp')) return { seen: { versions: {}, expired: [], streams: [] } };
  const streams: SiteStream[] = [];
  const names = new Set(followableStreams(client));
  for (const path of [...names].map(streamTarget)) {
    const found = await unlessAbsent(async () => parseStreamRecord(await client.target(path), path).record);
    if (found === undefined) continue;
    const { stream, build, halted } = found;
    streams.push({ stream, build: build.name, ...(halted && { haltedSince: halted.since }) });
  }
  try {
    const { versions, expired, issued } = client.judge();
    const seen = {
      ...(issued === undefined ? {} : { issued: recordTime(issued) }),
      versions,
      expired: expired.map(({ role, expires }) => ({ role, expires: recordTime(expires) })),
      streams,
    };
    return { seen, names };
  } catch (error) {
    if (!isSatchelError(error)) throw error;
    const unusable = toldOf(error, recordTime(clock()));
    return { seen: { versions: {}, expired: [], unusable, streams }, names };
  }
}

async function waitingReports({ repository }: SiteLayout, clock: Clock): Promise<number> {
  // Whoever only looks makes no database.
  if (!existsSync(fleetDatabase(repository))) return 0;
  const fleet = await openFleet(repository, { clock });
  try {
    return (await fleet.summary()).waiting;
  } finally {
    await fleet.close();
  }
}

async function unlessAbsent<Found>(read: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isSatchelError(error)) return undefined;
    throw error;
  }
}
