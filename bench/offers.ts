import type { Context } from './context.ts';
import { serveDirectory, serveRepository } from './peers/nginx.ts';
import * as rsync from './peers/rsync.ts';
import * as satchel from './peers/satchel.ts';
import type { OstreePrograms } from './requirements.ts';
import type { Published } from './rows/publish.ts';
import { loopback, type Place, type Server } from './servers.ts';
import {
  casyncUpdater,
  ostreeUpdater,
  rsyncUpdater,
  type Step,
  satchelUpdater,
  type Updater,
  zchunkUpdater,
} from './updaters.ts';

/** A way to update, and the server that it asks. */
export type Offer = {
  readonly updater: Updater;
  /** Runs on loopback as long as the pair is measured; devices get their first build from it. */
  readonly home: Server;
  /** Starts another one of the same kind. */
  readonly serve: (place: Place) => Promise<Server>;
};

export type OfferName =
  | 'satchel'
  | 'satchelObjects'
  | 'satchelOneTime'
  | 'satchelNginx'
  | 'rsync'
  | 'rsyncCompressed'
  | 'ostreeObjects'
  | 'ostreeDelta'
  | 'ostreeDeltaInstalled'
  | 'casync'
  | 'zchunk';

export type Offers = { readonly [name in OfferName]?: Offer };

/** Our repositories: without a delta; with one; with one and the same time for every file. */
export type Repositories = {
  readonly plain?: string | undefined;
  readonly delta?: string | undefined;
  readonly oneTime?: { readonly repository: string; readonly time: number } | undefined;
};

export type OffersOptions = {
  readonly step: Step;
  readonly published: Published;
  readonly repositories: Repositories;
  readonly ostrees: OstreePrograms;
};

/** Starts the servers of everybody who takes part. `close` stops them. */
export async function openOffers(
  context: Context,
  options: OffersOptions,
): Promise<{ offers: Offers; close: () => Promise<void> }> {
  const homes: Server[] = [];
  const offers: { [name in OfferName]?: Offer } = {};
  const offer = async (
    serve: Offer['serve'],
    updaters: { readonly [name in OfferName]?: (home: Server) => Updater | undefined },
  ) => {
    const home = await serve(loopback);
    homes.push(home);
    for (const [name, make] of Object.entries(updaters)) {
      const updater = make(home);
      if (updater !== undefined) offers[name as OfferName] = { updater, home, serve };
    }
  };
  const close = async () => {
    for (const home of homes) await home.stop();
  };
  try {
    await offerSatchel(context, options, offer);
    await offerPeers(context, options, offer);
    return { offers, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Offering = (
  serve: Offer['serve'],
  updaters: { readonly [name in OfferName]?: (home: Server) => Updater | undefined },
) => Promise<void>;

async function offerSatchel(context: Context, { step, repositories }: OffersOptions, offer: Offering) {
  const { plain, delta, oneTime } = repositories;
  if (delta !== undefined)
    await offer((place) => satchel.serve(delta, place), {
      satchel: (home) => satchelUpdater(context, step, { home }),
    });
  if (plain !== undefined)
    await offer((place) => satchel.serve(plain, place), {
      // Without deltas there is only one way.
      ...(delta === undefined ? { satchel: (home) => satchelUpdater(context, step, { home }) } : {}),
      satchelObjects: (home) => satchelUpdater(context, step, { who: 'satchel, objects', home }),
    });
  if (oneTime !== undefined) {
    const { repository, time: clampedTo } = oneTime;
    await offer((place) => satchel.serve(repository, place), {
      satchelOneTime: (home) => satchelUpdater(context, step, { home, clampedTo }),
    });
    await offer((place) => serveRepository(repository, context.workspace.fresh('nginx', 'pair'), place), {
      satchelNginx: (home) => satchelUpdater(context, step, { who: 'satchel, nginx', home, clampedTo }),
    });
  }
}

async function offerPeers(context: Context, options: OffersOptions, offer: Offering) {
  const { workspace, without } = context;
  const { step, published, ostrees } = options;
  const { from, to } = step;
  const byNginx = (directory: string) => (place: Place) =>
    serveDirectory(directory, workspace.fresh('nginx', 'pair'), place);
  if (!without.has('rsync')) {
    const modules = { [from.name]: from.extracted, [to.name]: to.extracted };
    await offer((place) => rsync.serveTrees(workspace.fresh('rsyncd.conf', 'pair'), modules, place), {
      rsync: (home) => rsyncUpdater(context, step, home),
      rsyncCompressed: (home) => rsyncUpdater(context, step, home, '-z'),
    });
  }
  const { installed, next } = ostrees;
  if (published.ostree !== undefined && installed !== undefined)
    await offer(byNginx(published.ostree), {
      ostreeObjects: (home) =>
        ostreeUpdater(context, step, { who: 'ostree objects', ostree: installed, deltas: false, home }),
      ostreeDelta: (home) =>
        next && ostreeUpdater(context, step, { who: 'ostree delta', ostree: next, deltas: true, home }),
      ostreeDeltaInstalled: (home) =>
        ostreeUpdater(context, step, {
          who: 'ostree delta, installed',
          ostree: installed,
          deltas: true,
          home,
        }),
    });
  if (published.casync !== undefined)
    await offer(byNginx(published.casync), { casync: (home) => casyncUpdater(context, step, home) });
  if (published.zchunk !== undefined) {
    const served = published.zchunk;
    await offer(byNginx(served), { zchunk: () => zchunkUpdater(context, step, served) });
  }
}
