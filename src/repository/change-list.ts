import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { PublishingContext } from '../trust/publication.ts';
import { type NewTarget, publishTargets, type TargetChanges } from '../trust/publisher.ts';
import type { SigningRequest } from '../trust/signing-request.ts';
import { backTarget, parseBackPermit } from './back-record.ts';
import { type Catalog, catalogOf, openCatalog } from './catalog.ts';
import { dropDeltas } from './deltas-records.ts';
import { buildTarget, deltasTarget, streamTarget } from './layout.ts';
import { followWithLite } from './lite-refresh.ts';
import { type DeltasRecord, recordBytes } from './records.ts';

/** What a change of the list of builds did; a request is there when an offline key has to sign first. */
export type ListChange = { readonly signingRequest?: SigningRequest | undefined };

/** What a change needs; the reporter hears what did not follow it, as the lists for satchel-lite. */
export type ChangeContext = PublishingContext & { readonly reporter?: Reporter };

/**
 * Gives a build another name, in one atomic step and in every record that names it. Its content keeps its
 * place. Throws `build-not-found`, `build-exists`.
 */
export async function renameBuild(
  context: ChangeContext,
  from: BuildName,
  to: BuildName,
): Promise<ListChange> {
  const outcome = await publishTargets(context, (current) =>
    renamed(catalogOf(context.store, current, context.signal), from, to),
  );
  if (outcome.outcome !== 'to-sign') await followWithLite(context);
  return changed(outcome);
}

async function renamed(catalog: Catalog, from: BuildName, to: BuildName): Promise<TargetChanges> {
  const build = { ...(await catalog.build(from)), name: to };
  if (catalog.hasBuild(to))
    throw new SatchelError('build-exists', { name: to, location: catalog.store.location });
  const nameNow = (name: BuildName) => (name === from ? to : name);
  const deltas: NewTarget[] = [];
  const records = new Map<BuildName, DeltasRecord>();
  for (const name of catalog.buildNames()) {
    const record = await catalog.deltas(name);
    const next = {
      ...record,
      build: nameNow(name),
      costs: record.costs.map((cost) => ({ ...cost, from: nameNow(cost.from) })),
      deltas: record.deltas.map((delta) => ({ ...delta, from: nameNow(delta.from) })),
    };
    records.set(name, next);
    deltas.push({ path: deltasTarget(next.build), bytes: recordBytes(next) });
  }
  const streams: NewTarget[] = [];
  for (const name of catalog.streamNames()) {
    const stream = await catalog.stream(name);
    const next = {
      ...stream,
      previous: stream.previous.map(nameNow),
      ...(stream.waypoints && {
        waypoints: stream.waypoints.map((waypoint) => ({ ...waypoint, build: nameNow(waypoint.build) })),
      }),
      build: stream.build.name === from ? build : stream.build,
      deltas: records.get(stream.build.name) ?? stream.deltas,
    };
    streams.push({ path: streamTarget(name), bytes: recordBytes(next) });
  }
  return {
    builds: {
      add: [
        { path: buildTarget(to), bytes: recordBytes(build) },
        ...(await permitsRenamed(catalog, nameNow)),
      ],
      remove: [buildTarget(from)],
    },
    deltas: { add: deltas, remove: [deltasTarget(from)] },
    streams: { add: streams },
  };
}

/** The permits to go back that name a build by another name now. */
async function permitsRenamed(
  catalog: Catalog,
  nameNow: (name: BuildName) => BuildName,
): Promise<NewTarget[]> {
  const changed: NewTarget[] = [];
  for (const stream of catalog.streamNames()) {
    const path = backTarget(stream);
    const bytes = await catalog.note('builds', path);
    const permit = bytes && parseBackPermit(bytes, path);
    if (permit === undefined || nameNow(permit.to.build) === permit.to.build) continue;
    const to = { ...permit.to, build: nameNow(permit.to.build) };
    changed.push({ path, bytes: recordBytes({ ...permit, to }) });
  }
  return changed;
}

/**
 * Takes a build out of the list, and the deltas from it and to it. Its files stay until `prune`. Throws
 * `build-not-found`, and `build-in-stream` or `build-is-waypoint` while a stream stands for it or leads over it,
 * because devices would follow it into nothing.
 */
export async function removeBuild(context: ChangeContext, name: BuildName): Promise<ListChange> {
  const catalog = await openCatalog(context.store, context.signal);
  await catalog.build(name);
  for (const stream of catalog.streamNames()) {
    const { build, waypoints = [] } = await catalog.stream(stream);
    if (build.name === name) throw new SatchelError('build-in-stream', { name, stream });
    if (waypoints.some((waypoint) => waypoint.build === name))
      throw new SatchelError('build-is-waypoint', { name, stream });
  }
  const outcome = await publishTargets(context, {
    builds: { remove: [buildTarget(name)] },
    deltas: { remove: [deltasTarget(name)] },
  });
  // A request that waits for a signature must not carry records that change meanwhile; `prune` drops them then.
  if (outcome.outcome !== 'to-sign') {
    await dropDeltas(
      context,
      async () =>
        ({ from }) =>
          from === name,
    );
    await followWithLite(context);
  }
  return changed(outcome);
}

function changed(outcome: Awaited<ReturnType<typeof publishTargets>>): ListChange {
  return outcome.outcome === 'to-sign' ? { signingRequest: outcome.request } : {};
}
