import type { StreamName } from '../base/identifiers.ts';
import { type Catalog, catalogOf } from '../repository/catalog.ts';
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
 * Replaces the record of a stream by what `change` makes of it, in one atomic step; asked again when another
 * publication came first. The online keys are enough. Throws `stream-not-found`, `key-missing`, and what `change` throws.
 */
export async function changeStream(
  context: ChangeContext,
  stream: StreamName,
  change: (record: StreamRecord, catalog: Catalog) => StreamRecord | Promise<StreamRecord>,
): Promise<StreamChanged> {
  let result: StreamChanged | undefined;
  await publishTargets(context, async (current) => {
    const catalog = catalogOf(context.store, current, context.signal);
    const before = await catalog.stream(stream);
    const record = await change(before, catalog);
    const bytes = recordBytes(record);
    result = { record, changed: Buffer.compare(bytes, recordBytes(before)) !== 0 };
    return { streams: { add: [{ path: streamTarget(stream), bytes }] } };
  });
  await followWithLite(context);
  return result!;
}
