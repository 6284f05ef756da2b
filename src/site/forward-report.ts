import { hash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { isSatchelError } from '../base/errors.ts';
import { Fields, recordTime } from '../base/fields.ts';
import { programVersion } from '../base/version.ts';
import type { HeldBuild, SiteReport } from '../device/report.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { diskSpace } from '../os/disk.ts';
import { readFileIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { SiteLayout } from './layout.ts';
import type { SiteSettings } from './settings.ts';

/** Milliseconds after which a site tells again what it has, though nothing has changed. */
const statePause = 86_400_000;

/** Builds that are told of at most; a site that holds more tells of these. */
const mostBuilds = 1000;

const format = 1;

/** The site that tells about itself. */
export type TellingSite = {
  readonly layout: SiteLayout;
  readonly settings: Pick<SiteSettings, 'id' | 'name'>;
  readonly fleet: Pick<Fleet, 'storeReports' | 'summary'>;
  /** The builds of which anything is here, as `heldBuilds` gives them. */
  readonly held: readonly { readonly name: string; readonly held: number; readonly total: number }[];
  readonly clock: Clock;
};

/** What was told last. */
type LastTold = { readonly sequence: number; readonly at: number; readonly what: string };

/**
 * Puts a report of the site about itself among those that wait to be forwarded, or to be carried by a stick: when what
 * it holds or what its devices run has changed, and once a day. Gives the report, or undefined when there was nothing
 * to say. Throws what the fleet throws, and what the disk says.
 */
export async function noteSiteState(site: TellingSite): Promise<SiteReport | undefined> {
  const { layout, settings, fleet, clock } = site;
  const now = clock();
  const held: HeldBuild[] = site.held
    .filter(({ held }) => held > 0)
    .map((build) => ({ build: build.name, complete: build.held >= build.total }));
  const builds = held.slice(-mostBuilds);
  const devices = (await fleet.summary()).builds.slice(0, mostBuilds);
  const what = hash('sha256', JSON.stringify([settings.name, builds, devices]));
  const last = readLast(layout, now);
  if (last?.what === what && Math.abs(now - last.at) < statePause) return undefined;
  const report: SiteReport = {
    id: randomBytes(16).toString('hex'),
    site: settings.id,
    name: settings.name,
    made: recordTime(now),
    sequence: (last?.sequence ?? 0) + 1,
    event: 'site',
    builds,
    devices,
    disk: diskSpace(layout.repository),
    client: programVersion,
  };
  writeLast(layout, { sequence: report.sequence, at: now, what });
  await fleet.storeReports([report], { own: true });
  return report;
}

function lastFile({ outbox }: SiteLayout): string {
  return join(outbox, 'site-report.json');
}

/** What cannot be read is told anew; its number must be higher than any before, so it is the time. */
function readLast(layout: SiteLayout, now: number): LastTold | undefined {
  const path = lastFile(layout);
  const bytes = readFileIfThere(path);
  if (bytes === undefined) return undefined;
  try {
    const fields = Fields.parse(bytes, path);
    fields.expectFormat('site-report', format);
    return { sequence: fields.count('sequence'), at: fields.count('at'), what: fields.text('what') };
  } catch (error) {
    if (isSatchelError(error, 'record-invalid', 'record-newer'))
      return { sequence: Math.floor(now / 1000), at: 0, what: '' };
    throw error;
  }
}

function writeLast(layout: SiteLayout, last: LastTold): void {
  const { outbox } = layout;
  withSystemErrors('mkdir', outbox, () => mkdirSync(outbox, { recursive: true, mode: 0o700 }));
  const record = { satchel: 'site-report', format, ...last };
  writeFileAtomic(lastFile(layout), `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
}
