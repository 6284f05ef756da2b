import { z } from 'zod';
import { SatchelError } from '../base/errors.ts';
import { isBuildName } from '../base/identifiers.ts';
import type { DeviceReport, HeldBuild, Report, SiteReport } from '../device/report.ts';
import { mostLineBytes, mostLines } from '../device/trial-log.ts';

/** The newest format of a batch that is understood. */
const newest = 1;

/** Most reports of one batch: a guard, since a body of the largest length holds fewer. */
const mostReports = 20_000;

/** Words that a place shows to people: not empty, short, without anything that a terminal or a page would obey. */
export const words = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .refine((text) => !/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u.test(text));

/** JSON can say -0, and nobody means it. */
const isWritten = (value: number) => !Object.is(value, -0);

/** A whole number from 0. */
export const count = z.int().min(0).refine(isWritten);
const build = z.string().refine(isBuildName);
const siteId = z.string().regex(/^[0-9a-f]{16}$/);
/** 32 hex digits. */
export const reportId = z.string().regex(/^[0-9a-f]{32}$/);
const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  .refine((text) => !Number.isNaN(Date.parse(text)));
const disk = z.object({ free: count, total: count });

const told = {
  id: reportId,
  made: time,
  sequence: count,
  disk,
  client: words(64),
  via: z.array(siteId).max(16).exactOptional(),
  received: time.exactOptional(),
};

/** The last words of a version that was left; what is longer was made by nobody's device. */
const lines = z
  .array(words(mostLineBytes))
  .max(mostLines)
  .refine((texts) => texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0) <= mostLineBytes);

const result = z.object({
  build,
  from: build.exactOptional(),
  result: z.enum(['done', 'failed', 'cancelled', 'later']),
  code: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/)
    .exactOptional(),
  lines: lines.exactOptional(),
  bytesReceived: count,
  requests: count,
  seconds: z.number().min(0).max(1e9).refine(isWritten),
});

/** What a device tells. Fields that are not known here are dropped. */
export const deviceReportSchema = z.object({
  ...told,
  event: z.enum(['state', 'update', 'rollback', 'repair', 'lease-request']),
  device: reportId,
  serial: words(64).exactOptional(),
  model: words(128).exactOptional(),
  running: build.nullable(),
  previous: build.nullable().exactOptional(),
  stream: build.exactOptional(),
  result: result.exactOptional(),
}) satisfies z.ZodType<DeviceReport>;

const heldBuild = z.object({ build, complete: z.boolean() }) satisfies z.ZodType<HeldBuild>;

/** What a site tells about itself. */
export const siteReportSchema = z.object({
  ...told,
  event: z.literal('site'),
  site: siteId,
  name: words(64),
  builds: z.array(heldBuild).max(1000),
  devices: z.array(z.object({ build: build.nullable(), devices: count })).max(1000),
}) satisfies z.ZodType<SiteReport>;

/** One report. */
const reportSchema = z.discriminatedUnion('event', [
  deviceReportSchema,
  siteReportSchema,
]) satisfies z.ZodType<Report>;

/** What a batch holds around its reports. */
export const reportBatchSchema = z.object({
  satchel: z.literal('reports'),
  format: z.int().min(1),
  reports: z.array(z.unknown()).max(mostReports),
});

/** A batch as it was understood. */
export type ParsedReports = {
  readonly reports: readonly Report[];
  /** Reports that were not understood and left out; they never will be, so whoever sent them may forget them. */
  readonly refused: number;
};

/**
 * Checks a batch that came from anybody, as an object that was read from JSON. One report that makes no sense does not
 * keep the others from being stored; where none does, or what is around them is wrong, throws `report-invalid`, and
 * `record-newer` for a batch of a newer program.
 */
export function parseReports(value: unknown): ParsedReports {
  const batch = reportBatchSchema.safeParse(value);
  if (!batch.success) throw invalid(batch.error);
  if (batch.data.format > newest)
    throw new SatchelError('record-newer', { what: 'reports', format: batch.data.format, newest });
  const reports: Report[] = [];
  let first: z.ZodError | undefined;
  for (const given of batch.data.reports) {
    const parsed = reportSchema.safeParse(given);
    if (parsed.success) reports.push(parsed.data);
    else first ??= parsed.error;
  }
  if (first !== undefined && reports.length === 0) throw invalid(first);
  return { reports, refused: batch.data.reports.length - reports.length };
}

/** Names the field and nothing of what was in it. */
function invalid(error: z.ZodError): SatchelError {
  const field = error.issues[0]?.path.map(String).join('.') || 'reports';
  return new SatchelError('report-invalid', { field: field.slice(0, 100) }, { cause: error });
}
