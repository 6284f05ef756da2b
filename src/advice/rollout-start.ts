import { SatchelError } from '../base/errors.ts';
import type { BuildName, StreamName } from '../base/identifiers.ts';
import { type Catalog, openCatalog } from '../repository/catalog.ts';
import type { ChangeContext } from '../repository/change-list.ts';
import { streamWithHead } from '../repository/publish.ts';
import { type BuildRecord, type StreamRecord, withRules } from '../repository/records.ts';
import type { Rollout } from '../repository/rollout-record.ts';
import { changeStream, type StreamChanged } from './stream-change.ts';

/** Which build reaches the devices of a stream, and how. */
export type RolloutStart = {
  readonly stream: StreamName;
  /** A build that is published already; absent: the one that the stream leads to. */
  readonly build?: BuildName | undefined;
  /** The rules; made from the time at which they are written. */
  readonly rollout: (began: number) => Rollout;
};

/**
 * Gives a stream a rollout, and a new head if another build is named, in one step: nobody gets the build before its
 * rules. A halt stays. Throws `stream-not-found`, `build-not-found`, `stream-goes-back`, `key-missing`.
 */
export function startRollout(
  context: ChangeContext,
  { stream, build, rollout }: RolloutStart,
): Promise<StreamChanged> {
  return changeStream(context, stream, async (held, catalog) => {
    const rules = { rollout: rollout(context.clock()) };
    const next = await headToStart(catalog, held, build);
    // Whoever runs something later than a head that was gone back to still goes back, and at once.
    if (next === undefined) return withRules(held, rules);
    const records = { build: next, deltas: await catalog.deltas(next.name) };
    return withRules(await streamWithHead(catalog, stream, records), rules);
  });
}

/** Throws what {@link startRollout} would throw for these names, and changes nothing. */
export async function startableStream(
  { store, signal }: ChangeContext,
  { stream, build }: Pick<RolloutStart, 'stream' | 'build'>,
): Promise<void> {
  const catalog = await openCatalog(store, signal);
  await headToStart(catalog, await catalog.stream(stream), build);
}

/** The build that becomes the head; undefined where it is that already. */
async function headToStart(
  catalog: Catalog,
  held: StreamRecord,
  build: BuildName | undefined,
): Promise<BuildRecord | undefined> {
  if (build === undefined || build === held.build.name) return undefined;
  const next = await catalog.build(build);
  if (next.sequence < held.build.sequence)
    throw new SatchelError('stream-goes-back', { stream: held.stream, from: held.build.name, to: build });
  return next;
}
