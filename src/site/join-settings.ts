import { rmSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import type { StreamName } from '../base/identifiers.ts';
import { formatBytes } from '../base/units.ts';
import { diskSpace } from '../os/disk.ts';
import { parseWindow } from '../plan/window.ts';
import { admitSite, askPlace, refuseLoop } from './join-place.ts';
import { requireStreams } from './known-streams.ts';
import { siteLayout } from './layout.ts';
import { openLinkFile, type Told, toldOf } from './link-file.ts';
import { isSiteName, mostFresh, readSiteSettings, type SiteSettings, writeSiteSettings } from './settings.ts';
import { openUpstream } from './upstream.ts';

/** What is to change; undefined: stays, null: no limit. */
export type SettingsChange = {
  readonly name?: string | undefined;
  readonly upstream?: string | undefined;
  /** A new token, for a new credential. */
  readonly token?: string | undefined;
  readonly follow?: readonly StreamName[] | undefined;
  readonly hours?: string | undefined;
  readonly days?: string | undefined;
  readonly bytesPerSecond?: number | null | undefined;
  readonly monthlyBytes?: number | null | undefined;
  readonly budget?: number | undefined;
  readonly reserve?: number | undefined;
  readonly fresh?: number | undefined;
};

export type ChangeOptions = {
  readonly repository: string;
  readonly change: SettingsChange;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
};

export type Changed = {
  readonly settings: SiteSettings;
  /** True for a new upstream that could not be asked whether it leads back here. */
  readonly isUnchecked: boolean;
  /** Why it could not. */
  readonly reason?: Told;
};

/** Less than this holds no build of any kind, in bytes: whoever gives it means something else. */
const leastBudget = 100_000_000;

/**
 * Changes what an operator settled about a site. A new upstream is asked whether it gets its files from here; one that
 * is out of reach is taken all the same, unless a token is to be used there. The credential stays: whoever names
 * another address may mean the same place. Throws `site-not-joined`, `site-name-not-allowed`, `site-loop`, what the
 * hours and days throw, `site-budget-too-small`, `site-reserve-too-large`, `site-stream-unknown`, and for a token what
 * joining throws.
 */
export async function changeSiteSettings({
  repository,
  change,
  clock,
  signal,
}: ChangeOptions): Promise<Changed> {
  const layout = siteLayout(repository);
  const before = readSiteSettings(layout);
  const after = changedSettings(before, change);
  if (!isSiteName(after.name)) throw new SatchelError('site-name-not-allowed', { name: after.name });
  if (after.fresh > mostFresh)
    throw new SatchelError('site-fresh-too-long', { seconds: after.fresh, most: mostFresh });
  parseWindow(after);
  requireRoom(change, layout.directory);
  requireStreams({ layout, clock }, change.follow ?? []);
  if (change.upstream === undefined && change.token === undefined) {
    writeSiteSettings(layout, after);
    return { settings: after, isUnchecked: false };
  }
  // Without the id of the site: the place that is asked may have to ask this site whom it asks itself.
  const { id: _, ...asking } = after;
  const upstream = await openUpstream(layout, asking, { clock });
  try {
    let reason: Told | undefined;
    try {
      refuseLoop(await askPlace(upstream, signal), after.id, upstream);
    } catch (error) {
      const isAway = isSatchelError(error, 'store-unreachable', 'store-stalled', 'site-month-spent');
      if (!isAway || change.token !== undefined) throw error;
      reason = toldOf(error, recordTime(clock()));
    }
    const { token } = change;
    const settings =
      token === undefined
        ? after
        : { ...after, ...(await admitSite(upstream, { token, site: after }, { signal })) };
    writeSiteSettings(layout, settings);
    // What is known about the former link says nothing about this one.
    if (settings.upstream !== before.upstream) rmSync(layout.link, { force: true });
    else if (token !== undefined) openLinkFile(layout, clock).reported(undefined);
    return { settings, isUnchecked: reason !== undefined, ...(reason && { reason }) };
  } finally {
    await upstream.close();
  }
}

/** Sizes that would leave the site without room for anything are slips. */
function requireRoom({ budget, reserve }: SettingsChange, directory: string): void {
  if (budget !== undefined && budget < leastBudget)
    throw new SatchelError('site-budget-too-small', {
      budget: formatBytes(budget),
      least: formatBytes(leastBudget),
    });
  if (reserve === undefined) return;
  const { total } = diskSpace(directory);
  if (reserve >= total)
    throw new SatchelError('site-reserve-too-large', {
      reserve: formatBytes(reserve),
      total: formatBytes(total),
    });
}

function changedSettings(before: SiteSettings, change: SettingsChange): SiteSettings {
  const { bytesPerSecond = before.bytesPerSecond, monthlyBytes = before.monthlyBytes } = change;
  const { bytesPerSecond: _rate, monthlyBytes: _month, ...others } = before;
  return {
    ...others,
    name: change.name ?? before.name,
    upstream: change.upstream ?? before.upstream,
    follow: change.follow ?? before.follow,
    hours: change.hours ?? before.hours,
    days: change.days ?? before.days,
    budget: change.budget ?? before.budget,
    reserve: change.reserve ?? before.reserve,
    fresh: change.fresh ?? before.fresh,
    ...(typeof bytesPerSecond === 'number' ? { bytesPerSecond } : {}),
    ...(typeof monthlyBytes === 'number' ? { monthlyBytes } : {}),
  };
}
