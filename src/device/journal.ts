import type { Clock } from '../base/clock.ts';
import { isSatchelError } from '../base/errors.ts';
import { type BuildName, buildName, isSha256, type Sha256 } from '../base/identifiers.ts';
import type { DeviceLayout } from './layout.ts';
import { noteReport } from './report-make.ts';
import { type Fields, isCount, isOptionalText, readStateFile, writeStateFile } from './state-file.ts';

/** How the last update of this device ended. */
export type UpdateResult = {
  readonly build: BuildName;
  readonly from?: BuildName;
  readonly result: 'done' | 'failed' | 'cancelled';
  /** Code of the sentence that ended it, when it was not done. */
  readonly code?: string;
  /** When it ended, ISO 8601. */
  readonly at: string;
  readonly bytesReceived: number;
  readonly requests: number;
  readonly seconds: number;
};

/** What a device remembers between two runs of the program. */
export type Journal = {
  /** The update that has begun and not ended: what was received for it is kept. */
  readonly pending?: { readonly build: BuildName; readonly index: Sha256; readonly since: string };
  readonly last?: UpdateResult;
};

const format = 1;

/**
 * The journal; empty when there is none. One that is damaged or newer counts as none too: it only informs,
 * and must not keep a device from being updated.
 */
export function readJournal(layout: DeviceLayout): Journal {
  try {
    return readStateFile(layout.journal, format, parseJournal) ?? {};
  } catch (error) {
    if (isSatchelError(error, 'device-file-damaged', 'device-file-newer', 'name-not-allowed')) return {};
    throw error;
  }
}

/** Replaces the journal atomically. */
export function writeJournal(layout: DeviceLayout, journal: Journal): void {
  writeStateFile(layout.journal, format, journal);
}

/** What an update was about and what it cost, however it ended. */
export type UpdateCost = Pick<UpdateResult, 'build' | 'bytesReceived' | 'requests' | 'seconds'> & {
  readonly from: BuildName | null;
};

/** Remembers how an update ended, to be told to the fleet too; what was begun and not done stays begun. */
export function recordEnd(
  { layout, clock }: { readonly layout: DeviceLayout; readonly clock: Clock },
  { build, from, bytesReceived, requests, seconds }: UpdateCost,
  result: UpdateResult['result'],
  code?: string,
): void {
  const { pending } = readJournal(layout);
  const ended = {
    build,
    ...(from === null ? {} : { from }),
    result,
    ...(code === undefined ? {} : { code }),
    bytesReceived,
    requests,
    seconds,
  };
  writeJournal(layout, {
    ...(result === 'done' || pending === undefined ? {} : { pending }),
    last: { ...ended, at: new Date(clock()).toISOString() },
  });
  noteReport({ layout, clock }, { event: 'update', result: ended });
}

function parseJournal(fields: Fields): Journal | undefined {
  const pending = parseOptional(fields.pending, parsePending);
  const last = parseOptional(fields.last, parseResult);
  return { ...(pending ? { pending } : {}), ...(last ? { last } : {}) };
}

function parseOptional<Value>(value: unknown, parse: (fields: Fields) => Value | undefined) {
  return typeof value === 'object' && value !== null ? parse(value as Fields) : undefined;
}

function parsePending({ build, index, since }: Fields): Journal['pending'] {
  if (typeof build !== 'string' || typeof index !== 'string' || typeof since !== 'string') return undefined;
  return isSha256(index) ? { build: buildName(build), index, since } : undefined;
}

function parseResult(fields: Fields): UpdateResult | undefined {
  const { build, from, result, code, at, bytesReceived, requests, seconds } = fields;
  if (typeof build !== 'string' || !isOptionalText(from) || !isOptionalText(code)) return undefined;
  if (result !== 'done' && result !== 'failed' && result !== 'cancelled') return undefined;
  if (typeof at !== 'string' || !isCount(bytesReceived) || !isCount(requests)) return undefined;
  if (typeof seconds !== 'number') return undefined;
  return {
    build: buildName(build),
    ...(from === undefined ? {} : { from: buildName(from) }),
    result,
    ...(code === undefined ? {} : { code }),
    at,
    bytesReceived,
    requests,
    seconds,
  };
}
