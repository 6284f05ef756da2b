import { recordTime } from '../base/fields.ts';
import type { StreamName } from '../base/identifiers.ts';
import type { ChangeContext } from '../repository/change-list.ts';
import { type StreamRecord, withRules } from '../repository/records.ts';
import type { Rollout } from '../repository/rollout-record.ts';
import { rolloutOf } from './rollout-of.ts';
import { changeStream, type StreamChanged } from './stream-change.ts';

/**
 * Lets the time of a rollout stand still: who has not taken the build stays on what he has. A rollout that is paused
 * stays so since when it was, with the new reason if one is given. Throws `stream-not-found`, `rollout-absent`.
 */
export function pauseRollout(
  context: ChangeContext,
  stream: StreamName,
  reason: string | undefined,
): Promise<StreamChanged> {
  return changeStream(context, stream, (record) => {
    const { paused, ...running } = rolloutOf(record);
    const since = paused?.since ?? recordTime(context.clock());
    return withRules(record, {
      rollout: withPause(running, { reason: reason ?? paused?.reason ?? '', since }),
    });
  });
}

/**
 * Lets a rollout go on that was paused or halted, where it was. Throws `stream-not-found`, `rollout-absent`,
 * `key-missing`.
 */
export function resumeRollout(context: ChangeContext, stream: StreamName): Promise<StreamChanged> {
  return changeStream(context, stream, (record) => {
    rolloutOf(record);
    return withRules(withTimeGoingOn(record, context.clock()), { halted: undefined });
  });
}

/** The record with its rollout where it would be if it had not been paused or halted; such as it is without a rollout. */
export function withTimeGoingOn(record: StreamRecord, now: number): StreamRecord {
  const { rollout, halted } = record;
  const stood = [rollout?.paused?.since, halted?.since].flatMap((since) =>
    since === undefined ? [] : [Date.parse(since)],
  );
  if (rollout === undefined || stood.length === 0) return record;
  const began = Date.parse(rollout.began);
  // A halt from before the rollout held it back from its beginning on.
  const still = Math.max(0, now - Math.max(began, Math.min(...stood)));
  return withRules(record, {
    rollout: { ...withPause(rollout, undefined), began: recordTime(began + still) },
  });
}

/** The rules with a pause or without one, in the order that the format gives them. */
function withPause(rollout: Rollout, paused: Rollout['paused']): Rollout {
  const { paused: _, reserved, automatic, ...rest } = rollout;
  return {
    ...rest,
    ...(paused === undefined ? {} : { paused }),
    ...(reserved === undefined ? {} : { reserved }),
    ...(automatic === undefined ? {} : { automatic }),
  };
}
