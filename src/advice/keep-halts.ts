import { hash } from 'node:crypto';
import { recordTime } from '../base/fields.ts';
import { catalogOf } from '../repository/catalog.ts';
import { isNote } from '../repository/layout.ts';
import { parseStreamRecord, recordBytes, type StreamRecord, withRules } from '../repository/records.ts';
import { readAll } from '../store/read-all.ts';
import { targetFileName } from '../trust/names.ts';
import type { EditsChange } from '../trust/offline-signing.ts';
import type { PublishingContext } from '../trust/publication.ts';

/**
 * For what comes back from being signed offline: the streams in it were written before it went there. Whoever halted
 * or resumed one meanwhile must not find that undone, and a rollout begins when it is published, however long the
 * signature took.
 */
export function keepHalts({
  store,
  clock,
  signal,
}: Pick<PublishingContext, 'store' | 'clock' | 'signal'>): EditsChange {
  return async (current, edits) => {
    const streams = edits.get('streams');
    if (streams === undefined) return edits;
    const catalog = catalogOf(store, current, signal);
    const set = new Map(streams.set);
    for (const [path, file] of streams.set) {
      const sha256 = file.hashes.get('sha256');
      if (isNote(path) || sha256 === undefined) continue;
      const bytes = await readAll(store, targetFileName(path, sha256), { limit: file.length, signal });
      const { record } = parseStreamRecord(bytes, path);
      const held = catalog.hasStream(record.stream) ? await catalog.stream(record.stream) : undefined;
      const next = recordBytes(withRulesOfNow(record, held, clock()));
      const now = hash('sha256', next);
      await store.put(targetFileName(path, now), next);
      set.set(path, { length: next.length, hashes: new Map([['sha256', now]]) });
    }
    return new Map(edits).set('streams', { ...streams, set });
  };
}

function withRulesOfNow(record: StreamRecord, held: StreamRecord | undefined, now: number): StreamRecord {
  const { back, rollout } = record;
  const halted = held?.halted;
  // Going back ends the halt that it is the answer to, and no later one.
  const isAnswered = back !== undefined && halted !== undefined && halted.since <= back.since;
  const began = rollout && { ...rollout, began: recordTime(now) };
  const isSame = rollout !== undefined && held?.rollout?.salt === rollout.salt;
  return withRules(record, {
    halted: isAnswered ? undefined : halted,
    rollout: isSame ? held?.rollout : began,
  });
}
