import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { PublishingContext } from '../trust/publication.ts';
import { type NewTarget, publishTargets } from '../trust/publisher.ts';
import { type Catalog, catalogOf } from './catalog.ts';
import { deltasTarget, streamTarget } from './layout.ts';
import { type DeltaReference, type DeltasRecord, recordBytes } from './records.ts';

/**
 * Replaces deltas records, with every stream that embeds one of them, in one atomic step. `change` says which
 * from what the repository holds; it is asked again when another publication came first, so that nothing of that
 * is lost. Throws `key-missing`, `publish-contended`, and what `change` throws.
 */
export async function publishDeltasRecords(
  context: PublishingContext,
  change: (catalog: Catalog) => Promise<ReadonlyMap<BuildName, DeltasRecord>>,
): Promise<void> {
  await publishTargets(context, async (current) => {
    const catalog = catalogOf(context.store, current, context.signal);
    const changed = await change(catalog);
    const records = [...changed].map(([name, record]) => ({
      path: deltasTarget(name),
      bytes: recordBytes(record),
    }));
    const streams: NewTarget[] = [];
    for (const name of catalog.streamNames()) {
      const stream = await catalog.stream(name);
      const deltas = changed.get(stream.build.name);
      if (deltas !== undefined)
        streams.push({ path: streamTarget(name), bytes: recordBytes({ ...stream, deltas }) });
    }
    return { deltas: { add: records }, streams: { add: streams } };
  });
}

/** Takes one delta out of the list; its file stays until `prune`. Throws `build-not-found`, `delta-not-found`. */
export async function removeDelta(
  context: PublishingContext,
  { from, to }: { readonly from: BuildName; readonly to: BuildName },
): Promise<void> {
  await publishDeltasRecords(context, async (catalog) => {
    const record = await catalog.deltas(to);
    const deltas = record.deltas.filter((delta) => delta.from !== from);
    if (deltas.length === record.deltas.length)
      throw new SatchelError('delta-not-found', { from, to, location: catalog.store.location });
    return new Map([[to, { ...record, deltas }]]);
  });
}

/**
 * Takes deltas out of the records of all builds; their files stay until `prune`. `choose` looks at the repository
 * and answers with a test for what goes. Throws as {@link publishDeltasRecords}.
 */
export async function dropDeltas(
  context: PublishingContext,
  choose: (catalog: Catalog) => Promise<(delta: DeltaReference, to: BuildName) => boolean>,
): Promise<void> {
  await publishDeltasRecords(context, async (catalog) => {
    const isDropped = await choose(catalog);
    const changed = new Map<BuildName, DeltasRecord>();
    for (const name of catalog.buildNames()) {
      const record = await catalog.deltas(name);
      const deltas = record.deltas.filter((delta) => !isDropped(delta, name));
      if (deltas.length < record.deltas.length) changed.set(name, { ...record, deltas });
    }
    return changed;
  });
}
