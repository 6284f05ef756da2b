import { lstatSync, mkdirSync } from 'node:fs';
import { throwIfCancelled } from '../base/cancel.ts';
import type { Clock } from '../base/clock.ts';
import { isSatchelError, messageOf, SatchelError } from '../base/errors.ts';
import type { Reporter } from '../base/progress.ts';
import { sleep } from '../base/sleep.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { removeTemporaries } from '../os/atomic-file.ts';
import { type Lock, tryLock } from '../os/file-lock.ts';
import { syncFilesystemInBackground } from '../os/system-calls.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { manifestName } from '../store/stick-manifest.ts';
import { forgetKept, stickLock } from './evict-kept.ts';
import type { SiteLayout } from './layout.ts';
import { refreshMetadata } from './metadata-refresh.ts';
import type { SiteSettings } from './settings.ts';
import { appendSiteLog } from './site-log.ts';
import { acceptAttachments } from './stick-accept.ts';
import { extraFiles, extraProblems } from './stick-extra.ts';
import { openStickTree, type StickTree } from './stick-files.ts';
import { type SentHome, sendHome } from './stick-home.ts';
import { requireStick } from './stick-intake.ts';
import { readStickList, type StickList } from './stick-manifest-file.ts';
import { removeTaken, takeDeviceReports } from './stick-reports.ts';
import { distinctProblems, openStickState, type StickProblem, type StickStateWriter } from './stick-state.ts';
import { type TakenBuild, takeBuilds } from './stick-take.ts';
import { openStickTrust, type StickTrust } from './stick-trust.ts';
import { hasXobuilds, type TakenXobuilds, takeXobuilds, type XobuildsOptions } from './stick-xobuilds.ts';
import { takeXsActivities, xsActivities } from './stick-xs-activities.ts';

export type LoadOptions = {
  /** The directory where the stick is mounted. */
  readonly stick: string;
  /** The block device and what people called the stick, for the page. */
  readonly device?: string | undefined;
  readonly label?: string | undefined;
  readonly layout: SiteLayout;
  readonly settings: Pick<SiteSettings, 'id' | 'name' | 'reserve'>;
  readonly fleet: Pick<Fleet, 'storeReports' | 'pendingForUpstream' | 'markForwarded'>;
  /** Makes room for so many bytes, or throws `site-budget-full` or `site-disk-reserved`. */
  readonly ensureRoom?: ((bytes: number) => Promise<void>) | undefined;
  /** Writes down what this site has, to be sent home. */
  readonly reportSelf?: (() => Promise<void>) | undefined;
  /** Where builds of the old kind go; asked only when a stick has some. */
  readonly xobuilds: Pick<XobuildsOptions, 'security'> & { readonly directory: () => string };
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
  /**
   * Called when nothing of the stick is needed any more, before people are told that they may pull it out: whoever has
   * mounted it lets go of it. The stick's own file system has been synced.
   */
  readonly release?: (() => Promise<void>) | undefined;
};

/** What a stick brought. */
export type Loaded = {
  readonly stick: string;
  /** When the stick was prepared; null for one that has only builds of the old kind. */
  readonly made: string | null;
  readonly builds: readonly TakenBuild[];
  /** Bytes that were copied from it. */
  readonly copied: number;
  /** True when devices see newer metadata now. */
  readonly news: boolean;
  readonly attachments: readonly string[];
  /** Reports of devices that lay on it. */
  readonly reports: { readonly stored: number; readonly known: number };
  /** What goes home on it; null when nothing could be written to it. */
  readonly home: SentHome | null;
  readonly xobuilds: TakenXobuilds | null;
  /** What lay in `xs-activity-server/`, for the page of this site alone. */
  readonly xsActivities: TakenXobuilds | null;
  readonly extra: readonly string[];
  readonly problems: readonly StickProblem[];
};

/** Others write there too; nobody takes an hour for a small file. */
const leftoverAge = 60 * 60_000;

/** Another stick is waited for; looked at so often, in milliseconds. */
const lockPause = 500;

/**
 * Takes what a stick brings to a site: attachments and reports first, since they are small, then builds, then the metadata
 * that leads to them, so that devices see the old state until the new one is complete. At any moment the stick may be
 * pulled out and the power fail. The page of the site shows how far it is.
 *
 * Throws `stick-not-prepared`, `stick-manifest-damaged`, `stick-newer`, `stick-of-another-organisation`, `stick-symlink`,
 * `stick-pulled-out`, `stick-site-not-trusting`, `disk-full`, `cancelled`; what is wrong with a part of the stick is among
 * the problems of the result.
 */
export async function loadStick(options: LoadOptions): Promise<Loaded> {
  const { layout, stick, clock, device, label, signal } = options;
  withSystemErrors('mkdir', layout.directory, () =>
    mkdirSync(layout.directory, { recursive: true, mode: 0o700 }),
  );
  using _lock = await waitForLock(layout, signal);
  for (const folder of [layout.directory, layout.leases, layout.outbox])
    removeTemporaries(folder, { olderThanMs: leftoverAge });
  const about = { ...(device && { device }), ...(label && { label }) };
  const state = openStickState(layout, about, clock);
  const log = (event: string, fields: object) =>
    appendSiteLog(layout, { at: new Date(clock()).toISOString(), event, stick, ...fields });
  try {
    const loaded = await load(options, state);
    await options.release?.();
    state.finish(loaded.problems);
    const { builds, copied, attachments, reports, problems } = loaded;
    log('stick-loaded', { builds: builds.map(({ name }) => name), copied, attachments, reports, problems });
    return loaded;
  } catch (given) {
    const error = isGone(stick, given)
      ? new SatchelError('stick-pulled-out', { path: stick }, { cause: given })
      : given;
    state.fail(error);
    const told = isSatchelError(error)
      ? { code: error.code, parameters: error.parameters }
      : { code: messageOf(error) };
    log('stick-failed', told);
    throw error;
  }
}

async function load(options: LoadOptions, state: StickStateWriter): Promise<Loaded> {
  const { stick, signal } = options;
  if (lstatSync(stick, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new SatchelError('stick-not-a-directory', { path: stick });
  const tree = openStickTree(stick);
  const list = await readStickList(tree);
  const isOld = hasXobuilds(stick);
  const hasActivities = hasXobuilds(stick, xsActivities);
  const isOurs = list !== undefined || ['repo', 'reports', 'home'].some((name) => tree.list(name).length > 0);
  if (!isOurs && !isOld && !hasActivities) throw new SatchelError('stick-not-prepared', { path: stick });
  const problems: StickProblem[] = [];
  const takeReports = async () => {
    const { stored, known, files } = await takeDeviceReports(tree, options.fleet, problems);
    removeTaken(tree, files);
    return { stored, known };
  };
  if (isOurs && list === undefined)
    problems.push({ code: 'stick-list-missing', parameters: { path: tree.pathOf(manifestName) } });
  const ours = isOurs
    ? await loadOurs({ ...options, tree, list, state, problems, takeReports })
    : { ...nothingOfOurs, reports: { stored: 0, known: 0 } };
  const xobuilds = isOld ? await takeOld(options, state, problems) : null;
  const { layout, xobuilds: old } = options;
  const activities = hasActivities
    ? await takeXsActivities({ layout, stick, security: old.security, state, problems, signal })
    : null;
  throwIfCancelled(signal);
  await syncFilesystemInBackground(stick);
  const { links, ...loaded } = ours;
  return {
    stick,
    made: list?.manifest.made ?? null,
    ...loaded,
    copied:
      ours.builds.reduce((sum, { copied }) => sum + copied, 0) +
      (xobuilds?.copied ?? 0) +
      (activities?.copied ?? 0),
    ...{ xobuilds, xsActivities: activities },
    problems: distinctProblems(problems.filter((problem) => !isLinkAgain(problem, links))),
  };
}

const nothingOfOurs = { builds: [], news: false, attachments: [], home: null, extra: [], links: [] } as const;

type OwnLoad = LoadOptions & {
  readonly tree: StickTree;
  /** Undefined for one that has lost it. */
  readonly list: StickList | undefined;
  readonly state: StickStateWriter;
  readonly problems: StickProblem[];
  /** Stores what devices have left on the stick. */
  readonly takeReports: () => Promise<Loaded['reports']>;
};

/** The part of a stick that Satchel has prepared. */
async function loadOurs(options: OwnLoad): Promise<
  Pick<Loaded, 'builds' | 'news' | 'attachments' | 'reports' | 'home' | 'extra'> & {
    readonly links: readonly string[];
  }
> {
  const { layout, tree, list, problems, reporter, clock, signal, settings } = options;
  const extra = list === undefined ? [] : extraFiles(tree, list);
  problems.push(...extraProblems(extra));
  const found = {
    extra: extra.map(({ path }) => path),
    links: extra.flatMap(({ path, isLink }) => (isLink ? [path] : [])),
  };
  const trust = await trustOf(options);
  if (trust === undefined) return { ...nothingOfOurs, ...found, reports: await options.takeReports() };
  try {
    problems.push(...trust.problems);
    const attachments = list === undefined ? [] : await acceptAttachments({ ...options, list, trust });
    const reports = await options.takeReports();
    // What matters goes home even if the stick does not stay for the builds.
    await goHome(options, trust, []);
    const builds = await takeBuilds({ ...options, trust, reserve: settings.reserve });
    let news = false;
    if (trust.isCurrent)
      ({ changed: news } = await refreshMetadata({ layout, store: trust.stick, clock, reporter, signal }));
    await options.reportSelf?.();
    const home = await goHome(options, trust, problems);
    return { builds, news, attachments, reports, home, ...found };
  } finally {
    forgetKept(layout);
    await trust.close();
  }
}

/** Of a stick that has lost its list the metadata may be lost too: then undefined, and only reports are taken. */
async function trustOf(options: OwnLoad): Promise<StickTrust | undefined> {
  const { layout, stick, clock, signal, list, tree } = options;
  try {
    return await openStickTrust({ layout, directory: stick, clock, signal });
  } catch (error) {
    if (list !== undefined || !isSatchelError(error) || isSatchelError(error, ...foreignCodes)) throw error;
    requireStick(tree, error);
    return undefined;
  }
}

/** Builds as the old school servers took them. */
function takeOld(
  { stick, xobuilds, signal }: LoadOptions,
  state: StickStateWriter,
  problems: StickProblem[],
): Promise<TakenXobuilds> {
  const directory = xobuilds.directory();
  return takeXobuilds({ stick, directory, security: xobuilds.security, state, problems, signal });
}

/** Null, and a problem, when the stick cannot be written to. */
async function goHome(
  { tree, stick, settings, fleet, signal }: OwnLoad,
  { root }: StickTrust,
  problems: StickProblem[],
): Promise<SentHome | null> {
  try {
    return await sendHome({ tree, settings, fleet, root, signal });
  } catch (error) {
    if (!isSatchelError(error, 'permission-denied', 'system-call-failed', 'disk-full', 'stick-symlink'))
      throw error;
    requireStick(tree, error);
    problems.push({ code: 'stick-not-writable', parameters: { path: stick, reason: error.message } });
    return null;
  }
}

/** A symlink is named as one, and not as a damaged file too. */
function isLinkAgain({ code, parameters: { file } }: StickProblem, links: readonly string[]): boolean {
  return code === 'stick-file-damaged' && links.some((path) => path === file || path === `repo/${file}`);
}

/** What is no matter of a list that is lost. */
const foreignCodes = ['cancelled', 'stick-of-another-organisation', 'stick-site-not-trusting'] as const;

/** How reading ends when a stick is pulled out; systemd ends the service then. */
const goneCodes = ['system-call-failed', 'store-not-found', 'store-too-short', 'cancelled'] as const;

/** True when a failure came because the stick is not there any more. */
function isGone(stick: string, error: unknown): boolean {
  if (!isSatchelError(error, ...goneCodes)) return false;
  try {
    requireStick(openStickTree(stick), error);
    return false;
  } catch {
    return true;
  }
}

/** One stick at a time; whoever comes second waits. */
async function waitForLock(layout: SiteLayout, signal: AbortSignal | undefined): Promise<Lock> {
  for (;;) {
    throwIfCancelled(signal);
    const lock = tryLock(stickLock(layout));
    if (lock !== undefined) return lock;
    await sleep(lockPause, signal);
  }
}
