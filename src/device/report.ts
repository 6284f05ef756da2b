/** What a device or a site tells about itself. The fleet believes none of it: nothing is decided or signed by it. */

/** What every report says. */
type Told = {
  /** Random, 32 hex digits: the same report that comes twice, by whatever ways, counts once. */
  readonly id: string;
  /** When it was made, by the clock of its maker: `2026-01-31T12:00:00Z`. It may be wrong by decades. */
  readonly made: string;
  /** Counts the reports of one maker: what is newer is told by this and not by the time. */
  readonly sequence: number;
  readonly disk: DiskSpace;
  /** Version of the program. */
  readonly client: string;
  /** The sites that it passed, the nearest to its maker first. Sites write it. */
  readonly via?: readonly string[];
  /** When the first site received it, by that site's clock. Sites write it. */
  readonly received?: string;
};

/** Bytes of the file system that holds the versions of a device or the repository of a site. */
export type DiskSpace = { readonly free: number; readonly total: number };

/** What made a device report. */
export type DeviceEvent = 'state' | 'update' | 'rollback' | 'repair' | 'lease-request';

/** How an update, a rollback or a repair ended. */
export type ReportedResult = {
  readonly build: string;
  readonly from?: string;
  /** `later`: whoever uses the device put it off, or it was not the hour for it; nothing was tried. */
  readonly result: 'done' | 'failed' | 'cancelled' | 'later';
  /** Code of the sentence that ended it, when it was not done. */
  readonly code?: string;
  /** The last lines that a version said which was left again; at most 40 lines and 4 KiB. */
  readonly lines?: readonly string[];
  readonly bytesReceived: number;
  readonly requests: number;
  readonly seconds: number;
};

/** A report of a device about itself. */
export type DeviceReport = Told & {
  readonly event: DeviceEvent;
  /** Random, 32 hex digits, made once on the device. */
  readonly device: string;
  /** What the manufacturer calls this device. */
  readonly serial?: string;
  readonly model?: string;
  /** What it has booted; null where nothing tells. */
  readonly running: string | null;
  /** What it could go back to. */
  readonly previous?: string | null;
  /** The stream that it follows. */
  readonly stream?: string;
  readonly result?: ReportedResult;
};

/** A build that a site has. */
export type HeldBuild = {
  readonly build: string;
  /** False: parts of it are missing and would be fetched when they are asked for. */
  readonly complete: boolean;
};

/** A report of a site about itself. */
export type SiteReport = Told & {
  readonly event: 'site';
  /** Its id, 16 hex digits. */
  readonly site: string;
  readonly name: string;
  readonly builds: readonly HeldBuild[];
  /** How many of its devices run which build; null: unknown. */
  readonly devices: readonly { readonly build: string | null; readonly devices: number }[];
};

/** One report. */
export type Report = DeviceReport | SiteReport;

/** Several of them, as they are sent and as they lie on a stick. */
export type ReportBatch = {
  readonly satchel: 'reports';
  readonly format: 1;
  readonly reports: readonly Report[];
};

/** Where a place takes reports, from the address of its repository on. */
export const reportsName = 'api/v1/reports';
