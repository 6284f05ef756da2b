import { hash } from 'node:crypto';
import { catalogOf } from '../repository/catalog.ts';
import { streamTarget } from '../repository/layout.ts';
import { parseStreamRecord, recordBytes } from '../repository/records.ts';
import { readAll } from '../store/read-all.ts';
import type { Store } from '../store/store.ts';
import { targetFileName } from '../trust/names.ts';
import type { EditsChange } from '../trust/offline-signing.ts';
import { withHalt } from './halt.ts';

/**
 * For what comes back from being signed offline: the streams in it were written before it went there, and whoever
 * halted or resumed one meanwhile must not find that undone.
 */
export function keepHalts(store: Store, signal?: AbortSignal): EditsChange {
  return async (current, edits) => {
    const streams = edits.get('streams');
    if (streams === undefined) return edits;
    const catalog = catalogOf(store, current, signal);
    const set = new Map(streams.set);
    for (const name of catalog.streamNames()) {
      const path = streamTarget(name);
      const file = set.get(path);
      const sha256 = file?.hashes.get('sha256');
      if (file === undefined || sha256 === undefined) continue;
      const bytes = await readAll(store, targetFileName(path, sha256), { limit: file.length, signal });
      const next = recordBytes(
        withHalt(parseStreamRecord(bytes, path).record, (await catalog.stream(name)).halted),
      );
      const now = hash('sha256', next);
      await store.put(targetFileName(path, now), next);
      set.set(path, { length: next.length, hashes: new Map([['sha256', now]]) });
    }
    return new Map(edits).set('streams', { ...streams, set });
  };
}
