import type { ZipCache } from '../activities/zip-cache.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { BundleRecord, GroupName } from '../repository/group-record.ts';
import type { LackingFiles } from '../rsync/trees.ts';
import type { Api } from '../server/api.ts';
import type { EnrolmentAbove } from '../server/device-api.ts';
import type { PageData } from '../server/page-data.ts';
import type { FleetView } from '../server/page-devices.ts';
import type { ServedSite } from '../server/start-server.ts';
import type { SiteTrees } from '../site/evict-carry-out.ts';
import type { Store } from '../store/store.ts';

/** A place as `satchel serve` needs it, an origin or a site. */
export type ServedPlace = {
  /** What the local network may call it. */
  readonly name: string;
  /** 16 hex digits of its own; undefined where nothing has been published yet. */
  readonly id: string | undefined;
  /** The files of the repository; at a site also those that come when they are asked for. */
  readonly store: Store;
  /** Absent at a site. */
  readonly pageData?: () => Promise<PageData>;
  readonly api: Api;
  readonly fleet: () => Promise<FleetView | undefined>;
  /** What devices and sites told, to be added to. */
  readonly openFleet: () => Promise<Fleet>;
  /** At a site: who knows which devices may enrol. */
  readonly enrolmentAbove?: EnrolmentAbove;
  /** Present at a site. */
  readonly site?: ServedSite;
  /** What the site is called and where its builds come from. */
  readonly about?: { readonly name: string; readonly upstream: string; readonly offline: boolean };
  /** What trees for rsync clients need that is not in the directory; present at a site. */
  readonly lacking?: LackingFiles;
  /** At a site: whether every file of a bundle is here. */
  readonly hasBundle?: (bundle: BundleRecord) => Promise<boolean>;
  /** At a site: somebody was given this version as a file. */
  readonly usedBundle?: (group: GroupName, bundle: BundleRecord) => void;
  /** At a site, where they count in its budget: bundles as files. */
  readonly zips?: ZipCache;
  /** At a site: asks for news in the background, if it is time; who is stolen is news. */
  readonly freshInBackground?: () => void;
  /** Renews the online metadata; absent where others do. */
  readonly renew?: () => Promise<void>;
  /** Tells of the trees of the service for rsync clients; undefined while it does not run. */
  useTrees(trees: () => SiteTrees | undefined): void;
  /** Begins what it does by itself, once it is served. */
  begin(): void;
  close(): Promise<void>;
};
