import type { Clock } from '../base/clock.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { Fields } from '../base/fields.ts';
import { type BuildName, buildName, type StreamName } from '../base/identifiers.ts';
import { programVersion } from '../base/version.ts';
import { askSigned } from './ask-signed.ts';
import { chooseStream, readConfiguration } from './configuration.ts';
import { refusalOf } from './enrol.ts';
import { readDeviceKey, readEnrolment } from './enrol-key.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { wantsReports } from './report-make.ts';
import { forget, readQueue } from './report-queue.ts';
import { runningVersion } from './running-version.ts';
import { fitting, type Listener } from './send-report.ts';

/** Where a place gives advice. */
const path = 'api/v1/advice';

/** Bytes of reports that go along; the rest is for the next time. */
const reportBytes = 128 * 1024;

/** What to run, and why; reasons that this program does not know are words like any others. */
export type AdvisedDecision = (
  | { readonly decision: 'take'; readonly build: BuildName; readonly because: string }
  | { readonly decision: 'stay'; readonly because: string; readonly next?: number; readonly reason?: string }
) & {
  /** Its place among 10000, and how many of them may take the build by now; where shares decide. */
  readonly bucket?: number;
  readonly share?: number;
};

/** What the source of a device says. Only the lease carries a signature: nothing else is to be trusted by this. */
export type Advised = {
  /** The time of the source, milliseconds since 1970. It is not signed. */
  readonly time: number;
  readonly stream: StreamName;
  /** What the device would decide from the signed record; undefined where the source has no such stream. */
  readonly decision?: AdvisedDecision;
  /** `act01` lines, each with its line feed, to be verified by the keys that the device has. */
  readonly lease?: string;
  /** A hint; what counts is the signed list of the repository. */
  readonly stolen: boolean;
  /** Reports that the source has now. */
  readonly reported: number;
};

/** What asking needs beside the device and its source. */
export type AskAdviceOptions = {
  readonly clock: Clock;
  /** Another stream than the one that the device follows. */
  readonly stream?: StreamName | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** True for a device that may ask: it has enrolled, with a key that is here. */
export function isEnrolled({ layout }: Pick<Listener, 'layout'>): boolean {
  return readEnrolment(layout) !== undefined && readDeviceKey(layout) !== undefined;
}

/**
 * Asks what this device is to run and for its lease, and tells what waits to be told, in one request. Throws
 * `device-key-absent` for a device that has not enrolled, `device-key-revoked`, `device-not-enrolled`, `advice-no-way`,
 * `advice-unavailable`, `advice-not-understood`, and what reaching the source throws.
 */
export async function askAdvice(listener: Listener, options: AskAdviceOptions): Promise<Advised> {
  const { layout, store } = listener;
  const key = readEnrolment(layout) && readDeviceKey(layout);
  if (key === undefined) throw new SatchelError('device-key-absent');
  const { stream } = chooseStream(layout, options.stream, readConfiguration(layout));
  const running = runningVersion(layout) ?? openBootPointer(layout).read().current;
  const taken = wantsReports(layout) ? fitting(readQueue(layout), reportBytes) : [];
  const question = {
    ...{ satchel: 'advice-request', format: 1, stream, client: programVersion },
    ...(running === undefined ? {} : { running: { build: running } }),
    ...(taken.length === 0 ? {} : { reports: taken.map(({ report }) => report) }),
  };
  const body = Buffer.from(JSON.stringify(question), 'utf8');
  const answer = await askSigned(listener, { ...options, key, path, body });
  if (answer.status !== 200) throw refusalOf(answer, store.location);
  const advised = parseAdvice(answer.body, { stream, source: store.location });
  forget(taken);
  return { ...advised, reported: taken.length };
}

function parseAdvice(
  body: Uint8Array,
  { stream, source }: { readonly stream: StreamName; readonly source: string },
): Omit<Advised, 'reported'> {
  try {
    const fields = Fields.parse(body, path);
    fields.expectFormat('advice', 1);
    return {
      time: Date.parse(fields.time('time')),
      stream,
      ...decisionIn(fields),
      ...(fields.has('lease') ? { lease: fields.text('lease') } : {}),
      stolen: fields.flag('stolen'),
    };
  } catch (error) {
    if (!isSatchelError(error, 'record-invalid', 'record-newer', 'name-not-allowed')) throw error;
    throw new SatchelError('advice-not-understood', { source }, { cause: error });
  }
}

function decisionIn(fields: Fields): Pick<Advised, 'decision'> {
  if (!fields.has('decision')) return {};
  const told = fields.record('decision');
  const because = told.text('because').slice(0, 64);
  const shares = { ...optionalCount(told, 'bucket'), ...optionalCount(told, 'share') };
  if (told.text('decision') === 'take')
    return { decision: { decision: 'take', build: buildName(told.text('build')), because, ...shares } };
  if (told.text('decision') !== 'stay') throw told.wrong('decision');
  const reason = told.has('reason') ? { reason: told.text('reason').slice(0, 500) } : {};
  return { decision: { decision: 'stay', because, ...shares, ...optionalCount(told, 'next'), ...reason } };
}

function optionalCount<Name extends 'bucket' | 'share' | 'next'>(
  fields: Fields,
  name: Name,
): { readonly [Key in Name]?: number } {
  return (fields.has(name) ? { [name]: fields.count(name) } : {}) as { readonly [Key in Name]?: number };
}
