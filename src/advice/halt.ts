import { recordTime } from '../base/fields.ts';
import type { StreamName } from '../base/identifiers.ts';
import type { ChangeContext } from '../repository/change-list.ts';
import { type StreamRecord, withRules } from '../repository/records.ts';
import { withTimeGoingOn } from './rollout-pause.ts';
import { changeStream, type StreamChanged } from './stream-change.ts';

export type { StreamChanged } from './stream-change.ts';

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

/**
 * Lets devices update along a stream again. A rollout goes on where it was, for its time stood still: a pause of it
 * ends as well. Throws `stream-not-found`, `key-missing`.
 */
export function resumeStream(context: ChangeContext, stream: StreamName): Promise<StreamChanged> {
  return changeStream(context, stream, (record) =>
    withHalt(withTimeGoingOn(record, context.clock()), undefined),
  );
}

/** The same record, halted or not. */
export function withHalt(record: StreamRecord, halted: StreamRecord['halted']): StreamRecord {
  return withRules(record, { halted });
}
