import type { Clock } from '../base/clock.ts';
import type { HeldBuild, Report, ReportedResult } from '../device/report.ts';
import type { FleetEnrolment } from './enrol-types.ts';
import type { FleetMarks } from './marks.ts';
import type { FleetRollouts } from './rollout-types.ts';

/** Whom reports came from; nothing: from anybody, so the sites that they name are not believed. */
export type ReportsFrom = {
  /** The joined site that sent them, by its credential or by its folder on a stick. */
  readonly site?: string | undefined;
  /** The sites that they passed, where the reports themselves do not say; the nearest to the device first. */
  readonly via?: readonly string[] | undefined;
  /** True for what this place tells about itself. */
  readonly own?: boolean | undefined;
};

/** What became of reports. */
export type Stored = {
  /** How many were new, and how many had been stored before. */
  readonly stored: number;
  readonly known: number;
  /** How many were dropped, because they passed a site whose secret was revoked; absent: none. */
  readonly dropped?: number;
  /** The revoked sites that whoever sent them should refuse too; absent: none. */
  readonly revoked?: readonly string[];
};

/** A device by the newest of its reports. */
export type FleetDevice = {
  readonly id: string;
  readonly serial: string | null;
  readonly model: string | null;
  /** What it has booted; null where nothing tells. */
  readonly running: string | null;
  readonly previous: string | null;
  readonly stream: string | null;
  readonly client: string;
  /** Bytes. */
  readonly disk: { readonly free: number; readonly total: number };
  /** How its last update, rollback or repair ended. */
  readonly result: ReportedResult | null;
  /** The site that it talks to; null: the place itself. */
  readonly site: string | null;
  /** When the newest report was made by the clock of the device, which may be wrong. */
  readonly made: string;
  /** `made` where it can be true, else `lastSeen`: after a month without a link, reports arrive long after they were made. */
  readonly reported: string;
  /** When reports of it first and last arrived here, ISO 8601. */
  readonly firstSeen: string;
  readonly lastSeen: string;
};

/** A site below this place. */
export type FleetSite = {
  readonly id: string;
  readonly name: string;
  /** The site that it talks to; null: this place itself, or unknown. */
  readonly parent: string | null;
  /** When it joined here; null: it is known by its reports only. */
  readonly joined: string | null;
  /** True when its token was revoked since: what comes by way of it is dropped. */
  readonly revoked: boolean;
  /** When a report of it last arrived here, ISO 8601. */
  readonly lastSeen: string | null;
  readonly client: string | null;
  readonly disk: { readonly free: number; readonly total: number } | null;
  /** What it has, by its last report; null before the first. */
  readonly builds: readonly HeldBuild[] | null;
  /** How many devices report through it. */
  readonly devices: number;
};

/** Somebody asks for a lease for a device. */
export type LeaseRequest = {
  readonly device: string;
  readonly serial: string | null;
  readonly site: string | null;
  /** When it was made by the clock of the device, and when it arrived here. */
  readonly made: string;
  readonly received: string;
};

/** A permission for one site to join. */
export type SiteToken = {
  /** Names it in lists; whoever knows it cannot join by it. */
  readonly id: string;
  /** What the operator noted about it. */
  readonly note: string | null;
  readonly created: string;
  readonly expires: string | null;
  readonly state: 'open' | 'used' | 'revoked' | 'expired';
  /** The site that joined by it. */
  readonly site: { readonly id: string; readonly name: string } | null;
};

/** Figures for pages. */
export type FleetSummary = {
  /** All devices that ever reported. */
  readonly devices: number;
  readonly sites: number;
  /** What the devices run that reported in the last 90 days, most of them first; null: unknown. */
  readonly builds: readonly { readonly build: string | null; readonly devices: number }[];
  /** Reports that wait for being forwarded. */
  readonly waiting: number;
  /** When the last report arrived, ISO 8601. */
  readonly lastReport: string | null;
};

/** Reports in the order in which they came. */
export type PendingReports = {
  readonly reports: readonly Report[];
  /** Give it as `after` to go on behind them. */
  readonly position: number;
};

/**
 * The fleet database of a place: what devices and sites told, and which sites may tell for others. Every change is on
 * disk when its promise is kept. All may throw `fleet-full`, `fleet-busy`, `fleet-damaged`.
 */
export type Fleet = {
  /** Stores reports that were checked by `parseReports`. The same report counts once. */
  storeReports(reports: readonly Report[], from?: ReportsFrom): Promise<Stored>;
  devices(choice?: {
    readonly site?: string | undefined;
    readonly limit?: number | undefined;
    readonly offset?: number | undefined;
  }): Promise<readonly FleetDevice[]>;
  /** Devices with this serial number or this id; several where a serial number was copied or a disk was replaced. */
  findDevices(name: string): Promise<readonly FleetDevice[]>;
  sites(): Promise<readonly FleetSite[]>;
  /** The newest request of each device, newest first; those of the last 90 days. */
  leaseRequests(): Promise<readonly LeaseRequest[]>;
  summary(): Promise<FleetSummary>;

  /** Makes a token, good for 30 days; its words are told here and never again. `expires` in milliseconds since 1970. */
  createToken(options?: {
    readonly note?: string | undefined;
    readonly expires?: number | undefined;
  }): Promise<SiteToken & { readonly token: string }>;
  tokens(): Promise<readonly SiteToken[]>;
  /**
   * Lets a site join: its secret for the time to come. The same site may ask again within an hour with the same token,
   * for an answer may have been lost; its former secret is void then. Throws `site-token-unknown`, `site-token-used`,
   * `site-token-revoked`, `site-token-expired`.
   */
  redeemToken(
    token: string,
    site: { readonly id: string; readonly name: string },
  ): Promise<{ readonly credential: string }>;
  /** Makes a token worthless, and the secret of the site that used it. Throws `site-token-unknown`. */
  revokeToken(id: string): Promise<SiteToken>;
  /** A site in the middle keeps (the hash of) the secret that the origin gave to a site below it. */
  rememberSite(
    site: { readonly id: string; readonly name: string },
    options: { readonly credential: string },
  ): Promise<void>;
  /**
   * Forgets the secrets of these sites, for the place above has revoked them; those that joined after `before`
   * (milliseconds since 1970) stay. Gives the ids of those that are refused from now on and were not before.
   */
  refuseSites(ids: readonly string[], options: { readonly before: number }): Promise<readonly string[]>;
  /** The joined site with this secret. */
  siteOfCredential(credential: string): Promise<{ readonly id: string; readonly name: string } | undefined>;

  /**
   * The oldest reports that were not forwarded, as they are to be sent on: at most `reports` (500) and `bytes` (1 MiB)
   * of them, at least one if there is one. `site` is the id of this place: it is added to the way they went.
   */
  pendingForUpstream(options: {
    readonly site: string;
    readonly after?: number | undefined;
    readonly reports?: number | undefined;
    readonly bytes?: number | undefined;
  }): Promise<PendingReports>;
  /** The place above has these. */
  markForwarded(ids: readonly string[]): Promise<void>;
  /** Who marked which laptops as stolen or recovered; at an origin. */
  readonly marks: FleetMarks;
  /** How rollouts go. */
  readonly rollouts: FleetRollouts;
  /** Which devices may ask for themselves. */
  readonly enrolment: FleetEnrolment;
  /** Removes reports that arrived more than 400 days ago; the latest state of each device and site stays. */
  removeOld(): Promise<number>;
  close(): Promise<void>;
};

export type FleetOptions = {
  readonly clock: Clock;
  /** The largest that the database may grow, in bytes; without it as large as the disk allows. */
  readonly limit?: number | undefined;
};
