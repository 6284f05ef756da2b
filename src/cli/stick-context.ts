import { hash } from 'node:crypto';
import { basename } from 'node:path';
import { isSatchelError } from '../base/errors.ts';
import { openFleet } from '../fleet/fleet.ts';
import { dropDirectory } from '../rsync/drop-directory.ts';
import { type DropReport, refreshDrop } from '../rsync/drop-refresh.ts';
import { noteSiteState } from '../site/forward-report.ts';
import { siteLayout } from '../site/layout.ts';
import { askServer, type ControlRequest } from '../site/mirror-control.ts';
import { readSiteSettings } from '../site/settings.ts';
import { openSite } from '../site/site.ts';
import { type Collected, collectStick } from '../site/stick-collect.ts';
import { type Loaded, type LoadOptions, loadStick } from '../site/stick-load.ts';
import type { StickProblem } from '../site/stick-state.ts';
import { hasXobuilds, type TakenXobuilds, takeXobuilds, usualSecurity } from '../site/stick-xobuilds.ts';
import { readAll } from '../store/read-all.ts';
import { readTrusted } from '../trust/metadata-store.ts';
import { metadataFile } from '../trust/names.ts';
import { defaultLimits } from '../trust/roles.ts';
import { type DropCall, openDrop } from './drop-context.ts';
import { openRepository } from './repository-context.ts';
import { rsyncLayoutOf } from './rsync-place.ts';

/** What the commands that read a stick are called with; it may bring something for the drop directory. */
export type StickCall = DropCall;

/** A stick that is mounted somewhere. */
export type StickPlace = {
  readonly stick: string;
  readonly device?: string | undefined;
  readonly label?: string | undefined;
  readonly release?: (() => Promise<void>) | undefined;
};

/** Takes what a stick brings to a site, whether a server runs there or not. Throws what {@link loadStick} throws. */
export async function loadAtSite(call: StickCall, place: StickPlace): Promise<Loaded> {
  const { clock, reporter, signal } = call;
  const { layout, settings, fleet, ensureRoom, reportSelf, close } = await openForStick(call);
  try {
    const loaded = await loadStick({
      ...place,
      device: place.device && basename(place.device),
      ...{ layout, settings, fleet, ensureRoom, reportSelf },
      xobuilds: { directory: () => dropDirectory(rsyncLayoutOf(call.options)), security: usualSecurity },
      ...{ clock, reporter, signal },
    });
    const { xobuilds, problems } = loaded;
    const drop = xobuilds === null ? null : await takeIn(call, xobuilds);
    return { ...loaded, problems: [...problems, ...problemsOf(drop, xobuilds)] };
  } finally {
    await close();
  }
}

/** What the stick brought into the drop directory becomes builds: for everybody, or at a site for rsync clients. */
async function takeIn(call: StickCall, { files }: TakenXobuilds): Promise<DropReport | null> {
  if (files.length === 0) return null;
  const context = await openDrop(call);
  try {
    return await refreshDrop(context);
  } finally {
    await context.store.close();
  }
}

/** Why sets of the stick became no builds; what else is wrong in the drop directory has nothing to do with it. */
function problemsOf(drop: DropReport | null, taken: TakenXobuilds | null): StickProblem[] {
  if (drop === null || taken === null) return [];
  return [...drop.problems, ...drop.waiting]
    .filter(({ set }) => set === undefined || taken.files.some((file) => file.startsWith(set)))
    .map(({ code, parameters }) => ({ code, parameters }));
}

/** What loading needs of a site. */
type SiteForStick = Pick<LoadOptions, 'layout' | 'settings' | 'fleet'> &
  Required<Pick<LoadOptions, 'ensureRoom' | 'reportSelf'>> & { close(): Promise<void> };

/** Only one process may change what a site keeps: where that is a server, it makes the room. */
async function openForStick(call: StickCall): Promise<SiteForStick> {
  const { clock, reporter, signal, options } = call;
  const { repo: repository, rsyncDir: rsyncDirectory } = options;
  const opening = { repository, rsyncDirectory, clock, reporter, onFailure: () => undefined };
  try {
    // What a stick brings costs nothing; the link is somebody else's business.
    const site = await openSite({ ...opening, offline: true });
    const settings = site.settings();
    return {
      ...{ layout: site.layout, settings, fleet: site.fleet },
      ensureRoom: (bytes) => site.evictor.ensureRoom(bytes, { signal, forStick: true }),
      reportSelf: async () => {
        await noteSiteState({ ...site, settings, held: await site.held(), clock });
      },
      close: () => site.close(),
    };
  } catch (error) {
    if (!isSatchelError(error, 'site-open-already')) throw error;
  }
  const layout = siteLayout(options.repo);
  const fleet = await openFleet(layout.repository, { clock });
  const ask = async (request: ControlRequest) => {
    await askServer(layout, request, { signal, reporter });
  };
  return {
    ...{ layout, settings: readSiteSettings(layout), fleet },
    ensureRoom: (bytes) => ask({ do: 'room', bytes }),
    reportSelf: () => ask({ do: 'tell' }),
    close: () => fleet.close(),
  };
}

/** What a stick brought to an origin. */
export type LoadedAtOrigin = {
  readonly collected: Collected | null;
  readonly xobuilds: TakenXobuilds | null;
  readonly drop: DropReport | null;
  readonly problems: readonly StickProblem[];
};

/**
 * At the origin a stick brings what sites send home, and builds of the old kind, which are published. Throws
 * `stick-not-prepared`, and what {@link collectStick} and the drop directory throw.
 */
export async function loadAtOrigin(call: StickCall, place: StickPlace): Promise<LoadedAtOrigin> {
  const problems: StickProblem[] = [];
  const isOld = hasXobuilds(place.stick);
  const collected = await orNothing(collectAtOrigin(call, place), isOld);
  if (!isOld) return { collected, xobuilds: null, drop: null, problems: collected?.problems ?? [] };
  const directory = dropDirectory(rsyncLayoutOf(call.options));
  const xobuilds = await takeXobuilds({
    ...{ stick: place.stick, directory, security: usualSecurity },
    ...{ problems, signal: call.signal },
  });
  const drop = await takeIn(call, xobuilds);
  problems.push(...problemsOf(drop, xobuilds));
  return { collected, xobuilds, drop, problems: [...(collected?.problems ?? []), ...problems] };
}

async function orNothing<Result>(work: Promise<Result>, isAllowed: boolean): Promise<Result | null> {
  try {
    return await work;
  } catch (error) {
    if (isAllowed && isSatchelError(error, 'stick-not-prepared')) return null;
    throw error;
  }
}

/** Stores what sites and devices have put on a stick. Throws what {@link collectStick} throws. */
export async function collectAtOrigin(call: StickCall, { stick }: StickPlace): Promise<Collected> {
  const { store, keys, clock, signal } = openRepository(call);
  const { root } = await readTrusted(store, signal);
  const first = await readAll(store, metadataFile('root', 1), { limit: defaultLimits.root, signal });
  const fleet = await openFleet(call.options.repo, { clock });
  try {
    return await collectStick({
      ...{ stick, fleet, keys, clock, signal },
      root: root.signed,
      organisation: hash('sha256', first),
    });
  } finally {
    await fleet.close();
    await store.close();
  }
}
