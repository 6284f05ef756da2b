import { hostname } from 'node:os';
import type { Reporter } from '../base/progress.ts';
import { refreshLite } from '../repository/lite-refresh.ts';
import { readOverview } from '../repository/overview.ts';
import { fleetView } from '../server/fleet-view.ts';
import { lazyFleet } from '../server/lazy-fleet.ts';
import { placeApi } from '../server/place-api.ts';
import { rolloutWatch } from '../server/rollout-watch.ts';
import { requireRepository } from '../trust/metadata-store.ts';
import { organisationOf } from '../trust/organisation.ts';
import { renewOnline } from '../trust/publisher.ts';
import type { RepositoryContext } from './repository-context.ts';
import type { ServedPlace } from './served-place.ts';

/** An origin, or a mirror that something else fills, as a place to be served. Throws `repository-absent`. */
export async function startOrigin(
  repository: string,
  { reporter, ...context }: RepositoryContext & { readonly reporter: Reporter },
): Promise<ServedPlace> {
  const { store, keys, clock, signal } = context;
  await requireRepository(store, signal);
  // An origin is who its first root says: a copy of it on another machine is the same place to those below.
  const id = (await organisationOf(store, signal))?.slice(0, 16);
  const name = hostname();
  const fleet = lazyFleet(repository, clock);
  const overview = () => readOverview(store);
  const watch = rolloutWatch({ ...context, reporter }, fleet);
  return {
    name,
    id,
    store,
    pageData: overview,
    openFleet: fleet.open,
    api: placeApi({
      fleet: fleet.open,
      place: async () => ({ kind: 'origin', id: id ?? '', name, chain: id === undefined ? [] : [id] }),
    }),
    async fleet() {
      const opened = await fleet.openIfThere();
      if (opened === undefined) return undefined;
      const { streams } = await overview();
      return await fleetView(opened, new Map(streams.map((stream) => [stream.name, stream.head])));
    },
    async renew() {
      // A mirror without the online keys serves just as well; whoever has them renews.
      if (keys.load('timestamp').length > 0) await renewOnline(context);
      await refreshLite(context);
    },
    useTrees() {},
    begin: () => watch.begin(),
    async close() {
      await watch.stop();
      await fleet.close();
    },
  };
}
