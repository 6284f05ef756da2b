import { openZipCache, type ZipCache } from '../activities/zip-cache.ts';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import { type BuildName, isBuildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { type Fleet, openFleet } from '../fleet/fleet.ts';
import { bytesBelow } from '../os/disk-use.ts';
import { lockHolder, tryLock } from '../os/file-lock.ts';
import { defaultRsyncDirectory, rsyncLayout } from '../rsync/layout.ts';
import { createTreeRoom } from '../rsync/tree-room.ts';
import { openDirectoryStore } from '../store/directory.ts';
import type { Store } from '../store/store.ts';
import { bringBuild } from './bring-build.ts';
import { currentSettings } from './current-settings.ts';
import { currentUpstream } from './current-upstream.ts';
import { createEvictor, type Evictor, type SiteUsage } from './evict.ts';
import type { SiteTrees } from './evict-carry-out.ts';
import { type BuildUses, createBuildUses } from './evict-use.ts';
import { startForwarder } from './forward.ts';
import { type HeldBuildSize, heldBuilds } from './held-builds.ts';
import { type Admission, admitSite, askPlace } from './join-place.ts';
import { type SiteLayout, siteLayout } from './layout.ts';
import { createMetadataMirror, type MetadataMirror } from './metadata-mirror.ts';
import { type Mirror, type ScheduledSite, startMirror } from './mirror-schedule.ts';
import { markOffline } from './offline-mark.ts';
import { offlineUpstream } from './offline-upstream.ts';
import { createPullThrough } from './pull.ts';
import { hashedName } from './pull-name.ts';
import { partPath } from './pull-part-file.ts';
import type { PulledFile, PullThrough } from './pull-types.ts';
import type { SiteSettings } from './settings.ts';
import type { Upstream } from './upstream.ts';

/** What a site is opened with. */
export type OpenSiteOptions = {
  readonly repository: string;
  readonly clock: Clock;
  /** Where everything for rsync clients lies; beside the repository when absent. */
  readonly rsyncDirectory?: string | undefined;
  /** Told what an operator should know. */
  readonly reporter: Reporter;
  /** Told of what went wrong without anybody waiting for it. */
  readonly onFailure: (error: unknown) => void;
  /** True: nothing leaves the machine. */
  readonly offline: boolean;
};

/** A site at work: a repository of which a part is here and the rest arrives when it is asked for. */
export type Site = {
  readonly layout: SiteLayout;
  /** As they are now. */
  readonly settings: () => SiteSettings;
  readonly clock: Clock;
  readonly offline: boolean;
  readonly upstream: Upstream;
  readonly metadata: MetadataMirror;
  readonly pull: PullThrough;
  readonly uses: BuildUses;
  readonly evictor: Evictor;
  readonly fleet: Fleet;
  /** The repository: what is here is read from the disk, the rest while it arrives. Nothing is to be written into it. */
  readonly store: Store;
  /** Bundles as files for Sugar's updaters. */
  readonly zips: ZipCache;
  /** What mirroring and plans work on. */
  readonly mirrorSite: ScheduledSite;
  /** The file that is named by its hash; undefined when it lies whole and sound on this disk. */
  open(name: string, options: { readonly signal: AbortSignal }): Promise<PulledFile | undefined>;
  /** Makes what is here of `metadata/` and `lite/` as new as can be without making anybody wait long. Never rejects. */
  freshen(name: string): Promise<void>;
  /** Fetches what is lacking of a build, so that it can be read from the disk. */
  bring(name: BuildName, signal: AbortSignal): Promise<void>;
  /** Where the bytes of a pack lie at their place that is not here as a whole; `{pack}` stands for its hash. */
  readonly packParts: string;
  held(): Promise<readonly HeldBuildSize[]>;
  /** Ids of this site, its upstream, and so on, as far as can be told now. */
  chain(): Promise<readonly string[]>;
  /** Asks the place above to admit a site below this one. Throws what `admitSite` throws. */
  admit(admission: Admission, signal: AbortSignal): Promise<{ readonly credential: string }>;
  /** From now on the trees for rsync clients are these, whenever there are any: those of a service in this process. */
  useTrees(trees: () => SiteTrees | undefined): void;
  /** Begins what the site does by itself: mirroring, tidying up, passing reports on. */
  begin(): void;
  /** What mirroring does; undefined until it has begun. */
  mirror(): Mirror | undefined;
  close(): Promise<void>;
};

/**
 * Opens a site that was joined; nothing is asked of anybody before it begins or somebody asks. Only one process at a
 * time may. Throws `site-not-joined`, `site-settings-…`, `site-open-already`, and what the fleet database throws.
 */
export async function openSite(options: OpenSiteOptions): Promise<Site> {
  const { clock, onFailure, offline } = options;
  const layout = siteLayout(options.repository);
  const settings = currentSettings(layout, onFailure);
  const lock = tryLock(layout.lock);
  if (lock === undefined)
    throw new SatchelError('site-open-already', {
      repository: layout.repository,
      pid: lockHolder(layout.lock) ?? '?',
    });
  const opened: { close(): void | Promise<void> }[] = [{ close: lock.release }];
  const keep = <Part extends { close(): void | Promise<void> }>(part: Part): Part => {
    opened.push(part);
    return part;
  };
  try {
    keep(markOffline(layout, offline));
    const fleet = keep(await openFleet(layout.repository, { clock, limit: longestFleet }));
    const upstream = keep(
      offline
        ? offlineUpstream(layout, settings().upstream)
        : await currentUpstream(layout, settings, { clock, onFailure }),
    );
    const parts = openParts({ ...options, layout, settings, upstream, fleet });
    keep(parts.metadata);
    keep(parts.pull);
    keep(parts.store);
    return siteOf({ ...options, ...parts, layout, settings, upstream, fleet }, opened);
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

type Foundation = OpenSiteOptions & Pick<Site, 'layout' | 'settings' | 'upstream' | 'fleet'>;
type Parts = Pick<Site, 'metadata' | 'pull' | 'uses' | 'evictor' | 'store' | 'zips' | 'useTrees'>;

function openParts(options: Foundation): Parts {
  const { layout, settings, upstream, clock, reporter } = options;
  const uses = createBuildUses(layout, clock);
  const rsyncDirectory = options.rsyncDirectory ?? defaultRsyncDirectory(layout.repository);
  const room = createTreeRoom({ layout: rsyncLayout(rsyncDirectory), reporter });
  let served: () => SiteTrees | undefined = () => undefined;
  const trees = () => served() ?? room;
  let evictor: Evictor | undefined;
  const pull = createPullThrough({
    layout,
    upstream,
    clock,
    ensureRoom: async (bytes) => await evictor?.ensureRoom(bytes),
  });
  const store = readThrough(layout, pull);
  const ensureRoom = async (bytes: number) => await evictor?.ensureRoom(bytes);
  const zips = openZipCache(layout.bundles, store, {
    ...{ ensureRoom, spare: async () => spareOf(await evictor?.usage()) },
    linked: [rsyncLayout(rsyncDirectory).activities],
  });
  evictor = createEvictor({
    ...{ layout, settings, pull, uses, clock },
    trees: madeAgain(zips, trees),
    bytesBeside: () => room.otherBytes() + bytesBelow([layout.activities]),
  });
  const metadata = createMetadataMirror({
    ...{ layout, upstream, settings, clock, reporter },
  });
  return {
    ...{ uses, pull, evictor, metadata },
    ...{ store, zips },
    useTrees(given) {
      served = given;
    },
  };
}

/** Bytes that a site may still take without anything having to go. */
function spareOf(usage: SiteUsage | undefined): number {
  if (usage === undefined) return 0;
  const { budget, usedBytes, free, reserve } = usage;
  return Math.min(budget - usedBytes, free - reserve);
}

/** All that can be made again from what stays: bundles as files, which go first, and trees. */
function madeAgain(zips: ZipCache, trees: () => SiteTrees): SiteTrees {
  return {
    bytes: () => zips.bytes() + trees().bytes(),
    async shrinkTo(bytes) {
      zips.shrink(Math.max(0, bytes - trees().bytes()));
      await trees().shrinkTo(Math.max(0, bytes - zips.bytes()));
    },
  };
}

/** What is here is read from the disk as it lies, what is not while it arrives. */
function readThrough({ repository }: SiteLayout, pull: PullThrough): Store {
  const directory = openDirectoryStore(repository);
  return {
    ...directory,
    read: (name, options) =>
      hashedName(name) === undefined || pull.isSound(name)
        ? directory.read(name, options)
        : pull.store.read(name, options),
  };
}

function siteOf(parts: Foundation & Parts, opened: { close(): void | Promise<void> }[]): Site {
  const { layout, settings, upstream, clock, onFailure, offline, fleet } = parts;
  const { metadata, pull, uses, evictor } = parts;
  const mirrorSite: ScheduledSite = {
    ...{ layout, settings, evictor, pull, clock, onFailure },
    store: pull.store,
    running: () => runningBuilds(fleet),
    link: () => upstream.link().rate,
    month: () => upstream.month(),
    refresh: (asked) => metadata.refresh(asked),
    untilTry: (asked) => upstream.untilTry(undefined, asked),
  };
  const held = () => heldBuilds(mirrorSite);
  let askedAbove: { readonly at: number; readonly place: ReturnType<typeof askPlace> } = {
    at: Number.NEGATIVE_INFINITY,
    place: Promise.resolve(undefined),
  };
  let mirror: Mirror | undefined;
  let isClosed: Promise<void> | undefined;
  return {
    ...parts,
    mirrorSite,
    held,
    packParts: partPath(layout.frames, 'packs-{pack}'),
    async open(name, { signal }) {
      const file = pull.isSound(name) ? undefined : await pull.open(name, { signal });
      // Of names that nobody has no note is taken: anybody may make up any number.
      uses.asked(name);
      return file;
    },
    freshen: (name) => metadata.fresh(name),
    bring: (name, signal) => {
      uses.used(name);
      return bringBuild(mirrorSite, name, signal);
    },
    async chain() {
      // Anybody may ask, any number of times; the link is asked once in a while.
      if (Math.abs(performance.now() - askedAbove.at) > chainPause)
        askedAbove = {
          at: performance.now(),
          place: askPlace(upstream, AbortSignal.timeout(placePatience)).catch(() => undefined),
        };
      const above = await askedAbove.place;
      return [settings().id, ...(above?.chain ?? [])].slice(0, longestChain);
    },
    admit: (admission, signal) => admitSite(upstream, admission, { signal }),
    mirror: () => mirror,
    begin() {
      if (offline) return;
      pull.goOn();
      mirror = startMirror(mirrorSite);
      opened.push(
        mirror,
        startForwarder({ ...{ layout, settings, upstream, fleet, clock, onFailure }, held }),
      );
    },
    close() {
      isClosed ??= closeAll(opened);
      return isClosed;
    },
  };
}

/** Bytes of the fleet database: anybody in the room may report, and nobody may fill the disk by it. */
const longestFleet = 1024 ** 3;

/** Milliseconds that the place above gets to say what it is. */
const placePatience = 3000;
/** Milliseconds for which it is not asked again. */
const chainPause = 10_000;
/** Places above each other. */
const longestChain = 16;

/** The builds that devices run which reported lately; undefined where none has. */
async function runningBuilds(fleet: Fleet): Promise<ReadonlySet<BuildName> | undefined> {
  const { builds } = await fleet.summary();
  const names = builds.flatMap(({ build }) => (build !== null && isBuildName(build) ? [build] : []));
  return names.length === 0 ? undefined : new Set(names);
}

/** The last opened first; all of them, whatever goes wrong. */
async function closeAll(opened: { close(): void | Promise<void> }[]): Promise<void> {
  const failures: unknown[] = [];
  for (const part of opened.reverse()) {
    try {
      await part.close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
