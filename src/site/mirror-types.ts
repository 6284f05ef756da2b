import type { BuildName, StreamName } from '../base/identifiers.ts';
import type { DataMonth } from '../device/data-month.ts';
import type { LinkRate } from '../plan/link.ts';
import type { ReadableStore } from '../store/store.ts';
import type { Evictor } from './evict.ts';
import type { TreeSubject } from './known-bundles.ts';
import type { SiteLayout } from './layout.ts';
import type { Interval } from './pull-intervals.ts';
import type { SiteSettings } from './settings.ts';

/** A site as mirroring sees it. */
export type MirrorPlace = {
  readonly layout: SiteLayout;
  /** Asked anew each time, so that a change needs no restart. */
  readonly settings: () => SiteSettings;
  /** Reads through the site: what is not here is fetched and kept. For records and maps, which tell what to fetch. */
  readonly store: ReadableStore;
  /** The builds that the devices of this site run; undefined where no device has told. */
  readonly running: () => Promise<ReadonlySet<BuildName> | undefined>;
  readonly evictor: Evictor;
  /** How fast the link was; undefined before content has come over it. */
  readonly link: () => LinkRate | undefined;
  /** What came through the link this month; undefined where that costs nothing. */
  readonly month: () => DataMonth | undefined;
  readonly clock: () => number;
};

/** Which files of a build are missing at a site: in the order in which they are fetched. */
export type MirrorKind = 'records' | 'deltas' | 'lists' | 'packs';

/** A file, or a part of one, that is to be fetched. */
export type MirrorFile = {
  readonly kind: MirrorKind;
  /** Its name in the repository; undefined for packs that only the map names, which has not come yet. */
  readonly name: string | undefined;
  /** Bytes that are missing. */
  readonly bytes: number;
  /** The parts to ask for; undefined: all of it. */
  readonly parts?: readonly Interval[] | undefined;
};

/** Why a build is not fetched now, though it is wanted. */
export type MirrorRefusal = 'month' | 'disk';

/** One build, or one version of a bundle, that a site wants and does not have as a whole. */
export type MirrorItem = {
  readonly build: TreeSubject;
  /** The followed streams that it is the head of, or whose devices get the bundle. */
  readonly streams: readonly StreamName[];
  /** It mends a security hole: it comes first, and outside of the hours. */
  readonly security: boolean;
  readonly files: readonly MirrorFile[];
  readonly bytes: number;
  readonly requests: number;
  readonly refusal: MirrorRefusal | null;
};

/** What a mirroring would bring. */
export type MirrorPlan = {
  /** In the order in which they are fetched. */
  readonly items: readonly MirrorItem[];
  /** Heads of followed streams, and bundles for them, that are here with all that is wanted of them. */
  readonly complete: readonly TreeSubject[];
  /** Followed streams that the repository does not have. */
  readonly unknown: readonly StreamName[];
  /** Followed streams that are halted: their heads are not fetched. */
  readonly halted: readonly StreamName[];
  /** Bytes and requests of the items that are not refused. */
  readonly bytes: number;
  readonly requests: number;
  readonly link: LinkRate | null;
  /** How long it takes at the measured rate within the limit; null before the first measurement. */
  readonly seconds: number | null;
  /** When it would be done within the allowed hours, ISO 8601; null: unknown, or not within a year. */
  readonly doneBy: string | null;
  readonly month: DataMonth | null;
  /** Bytes that the site takes now and afterwards, at most, before anything older goes. */
  readonly disk: {
    readonly used: number;
    readonly after: number;
    readonly budget: number;
    readonly free: number;
    readonly reserve: number;
  };
};

/** What of a build is mirrored. */
export type MirrorChoice = {
  /** Devices of this site update by deltas only: no packs, and no lists for them. */
  readonly deltasOnly?: boolean | undefined;
};
