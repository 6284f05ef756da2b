import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { PublishingContext } from '../trust/publication.ts';
import { publishTargets } from '../trust/publisher.ts';
import type { SigningRequest } from '../trust/signing-request.ts';
import { openCatalog } from './catalog.ts';
import { buildTarget, deltasTarget, streamTarget } from './layout.ts';
import { recordBytes, recordFormat } from './records.ts';

/** What a change of the list of builds did; a request is there when an offline key has to sign first. */
export type ListChange = { readonly signingRequest?: SigningRequest | undefined };

/**
 * Gives a build another name, in one atomic step and in every stream whose head it is. Its content keeps its
 * place. Throws `build-not-found`, `build-exists`.
 */
export async function renameBuild(
  context: PublishingContext,
  from: BuildName,
  to: BuildName,
): Promise<ListChange> {
  const catalog = await openCatalog(context.store, context.signal);
  const build = { ...(await catalog.build(from)), name: to };
  if (catalog.hasBuild(to))
    throw new SatchelError('build-exists', { name: to, location: catalog.store.location });
  const deltas = { ...(await catalog.deltas(from)), build: to };
  const streams: { path: string; bytes: Uint8Array }[] = [];
  for (const stream of catalog.streamNames()) {
    const record = await catalog.stream(stream);
    if (record.build.name !== from) continue;
    const bytes = recordBytes({ satchel: 'stream', format: recordFormat, stream, build, deltas });
    streams.push({ path: streamTarget(stream), bytes });
  }
  return changed(
    await publishTargets(context, {
      builds: { add: [{ path: buildTarget(to), bytes: recordBytes(build) }], remove: [buildTarget(from)] },
      deltas: { add: [{ path: deltasTarget(to), bytes: recordBytes(deltas) }], remove: [deltasTarget(from)] },
      streams: { add: streams },
    }),
  );
}

/**
 * Takes a build out of the list. Its files stay until `prune`. Throws `build-not-found`, and `build-in-stream`
 * while a stream stands for it, because devices would follow it into nothing.
 */
export async function removeBuild(context: PublishingContext, name: BuildName): Promise<ListChange> {
  const catalog = await openCatalog(context.store, context.signal);
  await catalog.build(name);
  for (const stream of catalog.streamNames())
    if ((await catalog.stream(stream)).build.name === name)
      throw new SatchelError('build-in-stream', { name, stream });
  return changed(
    await publishTargets(context, {
      builds: { remove: [buildTarget(name)] },
      deltas: { remove: [deltasTarget(name)] },
    }),
  );
}

function changed(outcome: Awaited<ReturnType<typeof publishTargets>>): ListChange {
  return outcome.outcome === 'to-sign' ? { signingRequest: outcome.request } : {};
}
