import { hash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../base/clock.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { type Reporter, silentReporter } from '../base/progress.ts';
import type { Anchor } from '../device/initialise.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { listIfThere, readFileIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { openTrustClient } from '../trust/client.ts';
import { describeRoot, type FetchedRoot, fetchRoot } from '../trust/fetch-root.ts';
import { metadataFile } from '../trust/names.ts';
import { placePolicy } from '../trust/policy.ts';
import { admitSite, askPlace, refuseLoop, type UpstreamPlace } from './join-place.ts';
import { isSite, type SiteLayout, siteLayout } from './layout.ts';
import { openLinkFile } from './link-file.ts';
import { refreshMetadata } from './metadata-refresh.ts';
import {
  defaultSiteSettings,
  isSiteId,
  isSiteName,
  readSiteSettings,
  type SiteSettings,
  writeSiteSettings,
} from './settings.ts';
import { openUpstream, type Upstream } from './upstream.ts';

export type JoinOptions = {
  readonly repository: string;
  /** An address, or a directory. */
  readonly upstream: string;
  /** Without one the site sends no reports by network. */
  readonly token?: string | undefined;
  /** What people call the site; the name of the machine when absent. */
  readonly name?: string | undefined;
  readonly anchor: Anchor;
  /** Milliseconds that the upstream may be silent. */
  readonly patience?: number | undefined;
  readonly clock: Clock;
  readonly reporter?: Reporter | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** What a directory is from now on. */
export type Joined = {
  readonly settings: SiteSettings;
  /** SHA-256 of the root that was pinned. */
  readonly rootSha256: string;
  readonly keyIds: readonly string[];
  /** What the upstream says of itself; undefined when nobody there answers questions. */
  readonly place: UpstreamPlace | undefined;
};

/**
 * Makes a directory a site below an upstream. Whom to trust is settled and the metadata of the upstream verified before
 * the token is used, and a directory that was no site is left without a trace when anything fails. A site that joins
 * again keeps its id, its settings and what it has. Throws `site-join-origin`, `site-join-not-empty`, `site-loop`,
 * `site-upstream-without-api`, `site-token-…`, what pinning throws (`root-not-found`, `trust-already-pinned`), what the
 * checks of metadata throw and what the upstream throws.
 */
export async function joinSite(options: JoinOptions): Promise<Joined> {
  const layout = siteLayout(options.repository);
  requireJoinable(layout, options.upstream);
  const before = isSite(layout.repository) ? readSiteSettings(layout) : undefined;
  const settings = settingsFor(options, before ?? layout);
  // What is there already stays, whatever happens.
  const made = [layout.directory, layout.trust].find((path) => !existsSync(path));
  withSystemErrors('mkdir', layout.directory, () =>
    mkdirSync(layout.directory, { recursive: true, mode: 0o700 }),
  );
  try {
    return await join(layout, settings, options);
  } catch (error) {
    const isUndone = made !== undefined && !isSite(layout.repository) && !isPending(layout);
    if (isUndone) rmSync(made, { recursive: true, force: true });
    throw error;
  }
}

async function join(layout: SiteLayout, settings: SiteSettings, options: JoinOptions): Promise<Joined> {
  const { clock, reporter = silentReporter, signal, token } = options;
  // Without the id of the site: the place that is asked may have to ask this site whom it asks itself.
  const { id: _, ...asking } = settings;
  const upstream = await openUpstream(layout, asking, { clock, patience: options.patience });
  try {
    const place = await askPlace(upstream, signal);
    refuseLoop(place, settings.id, upstream);
    if (token !== undefined && place === undefined)
      throw new SatchelError('site-upstream-without-api', { upstream: upstream.location });
    const root = await pinRoot(layout, upstream, options);
    const joined =
      token === undefined ? settings : await admitted(layout, settings, { upstream, token, signal });
    writeSiteSettings(layout, joined);
    rmSync(pendingFile(layout), { force: true });
    await unlessOlder(refreshMetadata({ layout, store: upstream, clock, reporter, signal }));
    const link = openLinkFile(layout, clock);
    link.checked(undefined);
    if (token !== undefined) link.reported(undefined);
    return { settings: joined, rootSha256: root.sha256, keyIds: root.keyIds, place };
  } finally {
    await upstream.close();
  }
}

type Admitting = {
  readonly upstream: Upstream;
  readonly token: string;
  readonly signal: AbortSignal | undefined;
};

/**
 * Uses the token. The id is on disk before, and stays there when nobody knows whether the token was used: whoever
 * comes again with it must come as the same site.
 */
async function admitted(
  layout: SiteLayout,
  settings: SiteSettings,
  { upstream, token, signal }: Admitting,
): Promise<SiteSettings> {
  writeFileAtomic(pendingFile(layout), `${settings.id}\n`, { mode: 0o600 });
  try {
    return { ...settings, ...(await admitSite(upstream, { token, site: settings }, { signal })) };
  } catch (error) {
    const isUnknown = isSatchelError(
      error,
      'store-unreachable',
      'store-stalled',
      'store-too-short',
      'cancelled',
    );
    if (!isUnknown) rmSync(pendingFile(layout), { force: true });
    throw error;
  }
}

/** The id of a site that has asked to be admitted and has not heard the answer. */
function pendingFile({ directory }: SiteLayout): string {
  return resolve(directory, 'joining');
}

function isPending(layout: SiteLayout): boolean {
  return existsSync(pendingFile(layout));
}

/** Settles whom to trust, and verifies with it what the upstream says now. */
async function pinRoot(
  layout: SiteLayout,
  upstream: Upstream,
  { anchor, clock, reporter = silentReporter, signal }: JoinOptions,
): Promise<FetchedRoot> {
  const root =
    'root' in anchor
      ? describeRoot(anchor.root, upstream.location)
      : await fetchRoot(upstream, {
          ...(anchor.sha256 === undefined ? {} : { sha256: anchor.sha256 }),
          ...(signal === undefined ? {} : { signal }),
        });
  const client = openTrustClient({
    directory: layout.trust,
    store: upstream,
    clock,
    reporter,
    policy: placePolicy,
  });
  if (!leadsToTrusted(layout, root, client.root())) await client.pin(root.bytes);
  await unlessOlder(client.refresh({ signal }));
  return root;
}

/** True when the root is the trusted one, or one before it in the chain that this site has verified. */
function leadsToTrusted(
  { repository }: SiteLayout,
  root: FetchedRoot,
  trusted: { readonly version: number } | undefined,
): boolean {
  if (trusted === undefined || root.version >= trusted.version) return false;
  const held = readFileIfThere(resolve(repository, metadataFile('root', root.version)));
  return held !== undefined && hash('sha256', held) === root.sha256;
}

/** An upstream that is behind what a stick has brought is as good as any other. */
async function unlessOlder(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isSatchelError(error, 'metadata-rolled-back')) throw error;
  }
}

function settingsFor(options: JoinOptions, before: SiteSettings | SiteLayout): SiteSettings {
  const isAgain = 'id' in before;
  const { upstream, name = isAgain ? before.name : machineName() } = options;
  if (!isSiteName(name)) throw new SatchelError('site-name-not-allowed', { name });
  if (!isAgain) {
    const pending = readFileIfThere(pendingFile(before))?.toString('latin1').trim();
    const id = pending !== undefined && isSiteId(pending) ? pending : randomBytes(8).toString('hex');
    return { ...defaultSiteSettings, id, name, upstream };
  }
  // The secret was given by another place, perhaps of other people.
  const { credential: _, ...others } = before;
  return upstream === before.upstream ? { ...before, name } : { ...others, name, upstream };
}

function machineName(): string {
  const label = hostname().split('.')[0] ?? '';
  return isSiteName(label) ? label : 'site';
}

function requireJoinable({ repository, trust }: SiteLayout, upstream: string): void {
  if (directoryOf(upstream) === repository)
    throw new SatchelError('site-upstream-is-itself', { upstream: repository });
  if (existsSync(`${repository}.keys`)) throw new SatchelError('site-join-origin', { repository });
  const found = statSync(repository, { throwIfNoEntry: false });
  if (found?.isDirectory() === false)
    throw new SatchelError('repository-not-directory', { location: repository });
  if (isSite(repository) || existsSync(trust)) return;
  if (listIfThere(repository).some((name) => name !== 'lost+found'))
    throw new SatchelError('site-join-not-empty', { repository });
}

/** The directory that an address stands for; undefined for one in a network. */
function directoryOf(address: string): string | undefined {
  if (/^https?:/i.test(address)) return undefined;
  return resolve(/^file:/i.test(address) ? fileURLToPath(address) : address);
}
