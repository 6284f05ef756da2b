import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { isSatchelError, type SatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import { readDataCount } from '../device/data-account.ts';
import { type DataMonth, dataMonth } from '../device/data-month.ts';
import { isNetwork } from '../device/open-source.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { parseStreamRecord } from '../repository/records.ts';
import { openDirectoryStore } from '../store/directory.ts';
import { openTrustClient } from '../trust/client.ts';
import { openTimeFloor } from '../trust/floor.ts';
import { type SiteLayout, siteLayout } from './layout.ts';
import { type LinkState, readLinkState, type Told } from './link-file.ts';
import { readSiteSettings, type SiteSettings } from './settings.ts';

/** How a site stands, from what lies on its disk: nobody is asked. */
export type SiteStatus = {
  readonly repository: string;
  readonly settings: Omit<SiteSettings, 'credential'>;
  /** True when reports go to the upstream by network. */
  readonly reports: boolean;
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
  const month = () => dataMonth(readDataCount(layout, now()), settings.monthlyBytes);
  return {
    repository: layout.repository,
    settings,
    reports: credential !== undefined && isNetwork(settings.upstream),
    link: readLinkState(layout),
    month: isNetwork(settings.upstream) ? month() : undefined,
    metadata: await readSiteMetadata(layout, clock),
    disk: withSystemErrors('statfs', layout.directory, () => {
      const { bavail, blocks, bsize } = statfsSync(layout.directory);
      return { free: bavail * bsize, total: blocks * bsize };
    }),
  };
}

/** Reads what devices of a site see, from its own disk. Throws `trust-state-damaged`, `repository-newer`. */
export async function readSiteMetadata(layout: SiteLayout, clock: Clock): Promise<SiteMetadata> {
  const store = openDirectoryStore(layout.repository);
  const client = openTrustClient({ directory: layout.trust, store, clock });
  if (!client.files().has('timestamp')) return { versions: {}, expired: [], streams: [] };
  const streams: SiteStream[] = [];
  for (const path of client.targetPaths('streams')) {
    const found = await unlessAbsent(async () => parseStreamRecord(await client.target(path), path).record);
    if (found === undefined) continue;
    const { stream, build, halted } = found;
    streams.push({ stream, build: build.name, ...(halted && { haltedSince: halted.since }) });
  }
  try {
    const { versions, expired, issued } = client.judge();
    return {
      ...(issued === undefined ? {} : { issued: recordTime(issued) }),
      versions,
      expired: expired.map(({ role, expires }) => ({ role, expires: recordTime(expires) })),
      streams,
    };
  } catch (error) {
    if (!isSatchelError(error)) throw error;
    return { versions: {}, expired: [], unusable: told(error, recordTime(clock())), streams };
  }
}

function told({ code, parameters }: SatchelError, at: string): Told {
  return { at, code, parameters };
}

async function unlessAbsent<Found>(read: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isSatchelError(error)) return undefined;
    throw error;
  }
}
