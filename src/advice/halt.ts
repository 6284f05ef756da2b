import { recordTime } from '../base/fields.ts';
import type { StreamName } from '../base/identifiers.ts';
import { catalogOf } from '../repository/catalog.ts';
import type { ChangeContext } from '../repository/change-list.ts';
import { streamTarget } from '../repository/layout.ts';
import { followWithLite } from '../repository/lite-refresh.ts';
import { recordBytes, type StreamRecord } from '../repository/records.ts';
import { publishTargets } from '../trust/publisher.ts';

/** What a change of a stream did. */
export type StreamChanged = {
  readonly record: StreamRecord;
  /** False: it was so before. */
  readonly changed: boolean;
};

/**
 * Keeps devices from updating along a stream, until {@link resumeStream}. The online keys are enough. A stream that is
 * halted stays so since when it was, with the new reason if one is given. Throws `stream-not-found`, `key-missing`.
 */
export function haltStream(
  context: ChangeContext,
  stream: StreamName,
  reason: string | undefined,
): Promise<StreamChanged> {
  return changeStream(context, stream, (record) => {
    const since = record.halted?.since ?? recordTime(context.clock());
    return withHalt(record, { reason: reason ?? record.halted?.reason ?? '', since });
  });
}

/** Lets devices update along a stream again. Throws `stream-not-found`, `key-missing`. */
export function resumeStream(context: ChangeContext, stream: StreamName): Promise<StreamChanged> {
  return changeStream(context, stream, (record) => withHalt(record, undefined));
}

/** The same record, halted or not; the fields in the order that the format gives them. */
export function withHalt(
  { satchel, format, stream, previous, keepDeltas, build, deltas }: StreamRecord,
  halted: StreamRecord['halted'],
): StreamRecord {
  return {
    ...{ satchel, format, stream, previous, keepDeltas },
    ...(halted === undefined ? {} : { halted }),
    ...{ build, deltas },
  };
}

async function changeStream(
  context: ChangeContext,
  stream: StreamName,
  change: (record: StreamRecord) => StreamRecord,
): Promise<StreamChanged> {
  let result: StreamChanged | undefined;
  await publishTargets(context, async (current) => {
    const before = await catalogOf(context.store, current, context.signal).stream(stream);
    const record = change(before);
    const bytes = recordBytes(record);
    result = { record, changed: Buffer.compare(bytes, recordBytes(before)) !== 0 };
    return { streams: { add: [{ path: streamTarget(stream), bytes }] } };
  });
  await followWithLite(context);
  return result!;
}
