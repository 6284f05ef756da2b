import { SatchelError } from '../base/errors.ts';
import type { BuildName, StreamName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { SignedFile } from '../repository/build-files.ts';
import { buildTarget } from '../repository/layout.ts';
import { isSecurityBuild } from '../repository/security.ts';
import { isOfContentAlone } from './known-streams.ts';
import { packsOf, type SignedBuild, type SignedSource, signedBuild } from './stick-build.ts';

/** A site that a stick is made for, as far as the fleet knows it. */
export type StickSite = {
  readonly name: string;
  /** Builds that it has completely; undefined when nothing is known of it. */
  readonly holds?: ReadonlySet<string> | undefined;
  /** Builds that its devices run; undefined when nothing is known of them. */
  readonly runs?: ReadonlySet<string> | undefined;
};

/** What is to go on a stick. */
export type StickWish = {
  readonly builds: readonly BuildName[];
  /** Heads of these streams go too; of all streams when neither builds nor streams are named. */
  readonly streams: readonly StreamName[];
  /** Leaves the packs out. */
  readonly deltasOnly: boolean;
  /** Leaves the activities and the content of groups out. */
  readonly withoutGroups?: boolean | undefined;
  /** Only what one of these lacks; none: everything. */
  readonly sites: readonly StickSite[];
};

/** A build on its way to a stick, with the files in the order in which they go. */
export type ChosenBuild = { readonly build: SignedBuild; readonly files: readonly SignedFile[] };

/** A stream and its head. */
export type StickHead = {
  readonly stream: StreamName;
  readonly head: BuildName;
  /** What devices may not pass over on the way there. */
  readonly waypoints: readonly BuildName[];
};

/**
 * The builds for a stick, those that mend holes first and heads before others, so that a stick that was pulled out has
 * what matters most. Throws `build-not-found`, `stream-not-found`.
 */
export async function chooseBuilds(
  source: SignedSource,
  heads: readonly StickHead[],
  wish: StickWish,
  reporter: Reporter,
): Promise<ChosenBuild[]> {
  const names = chosenNames(source, heads, wish);
  const builds: SignedBuild[] = [];
  for (const name of names) builds.push(await signedBuild(source, name));
  for (const name of waypointsTo(heads, names)) {
    const waypoint = await signedBuild(source, name);
    if (await isOnTheWay(source, waypoint, wish)) builds.push(waypoint);
  }
  const isHead = ({ name }: SignedBuild) => heads.some(({ head }) => head === name);
  const rank = (build: SignedBuild) => (isSecurityBuild(build.record) ? 0 : 2) + (isHead(build) ? 0 : 1);
  const inOrder = [...builds].sort((one, other) => rank(one) - rank(other));
  for (const { name, holds } of wish.sites)
    if (holds === undefined) reporter.notice('stick-site-unknown', { site: name });
  const chosen: ChosenBuild[] = [];
  for (const build of inOrder) chosen.push({ build, files: await filesFor(source, build, wish, reporter) });
  return chosen;
}

function chosenNames(
  { store, client }: SignedSource,
  heads: readonly StickHead[],
  { builds, streams }: StickWish,
): ReadonlySet<BuildName> {
  const headOf = (name: StreamName) => {
    const found = heads.find(({ stream }) => stream === name);
    if (found !== undefined) return found.head;
    if (isOfContentAlone(client, name)) return [];
    throw new SatchelError('stream-not-found', { name, location: store.location });
  };
  if (builds.length + streams.length === 0) return new Set(heads.map(({ head }) => head));
  return new Set([...streams.flatMap(headOf), ...builds]);
}

/** What comes before the chosen heads on the way to them and is not chosen itself. */
function waypointsTo(heads: readonly StickHead[], names: ReadonlySet<BuildName>): ReadonlySet<BuildName> {
  const all = heads.filter(({ head }) => names.has(head)).flatMap(({ waypoints }) => waypoints);
  return new Set(all.filter((name) => !names.has(name)));
}

/** Whether some site may have devices that run something older than a waypoint. */
async function isOnTheWay(
  source: SignedSource,
  waypoint: SignedBuild,
  { sites }: StickWish,
): Promise<boolean> {
  if (sites.length === 0) return true;
  for (const { runs } of sites) {
    if (runs === undefined) return true;
    for (const name of runs) {
      // Of a build that nobody here knows it cannot be said that it is newer.
      if (source.client.targetInfo(buildTarget(name as BuildName)) === undefined) return true;
      const { record } = await signedBuild(source, name as BuildName);
      if (record.sequence < waypoint.record.sequence) return true;
    }
  }
  return false;
}

/** The files of a build that some site lacks: small lists, then deltas, then packs. */
async function filesFor(
  source: SignedSource,
  build: SignedBuild,
  { sites, deltasOnly }: StickWish,
  reporter: Reporter,
): Promise<SignedFile[]> {
  const lacking = sites.filter(({ holds }) => holds?.has(build.name) !== true);
  if (sites.length > 0 && lacking.length === 0) return [...build.records];
  const runs = lacking.map((site) => site.runs);
  const isWanted = (from: string) => runs.length === 0 || runs.some((known) => known?.has(from) ?? true);
  if (deltasOnly) tellOfNoDeltas(build, lacking, reporter);
  const deltas = build.deltas.filter(({ from }) => isWanted(from));
  const packs = deltasOnly ? [] : await lackingPacks(source, build, lacking);
  return [...build.records, ...build.lists, ...deltas, ...packs];
}

function tellOfNoDeltas(build: SignedBuild, sites: readonly StickSite[], reporter: Reporter): void {
  for (const { name, runs } of sites)
    for (const from of runs ?? [])
      if (from !== build.name && build.deltas.every((delta) => delta.from !== from))
        reporter.notice('stick-no-delta', { site: name, from, build: build.name });
}

/** A pack that a site has already, since one of its builds needs it, is lacking nowhere. */
async function lackingPacks(
  source: SignedSource,
  build: SignedBuild,
  sites: readonly StickSite[],
): Promise<SignedFile[]> {
  const packs = await packsOf(source, build);
  if (sites.length === 0) return packs;
  const held = await Promise.all(sites.map(({ holds }) => packsHeld(source, holds ?? new Set())));
  return packs.filter(({ name }) => held.some((names) => !names.has(name)));
}

async function packsHeld(source: SignedSource, builds: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (const name of builds) {
    if (source.client.targetInfo(`builds/${name}.json`) === undefined) continue;
    for (const pack of await packsOf(source, await signedBuild(source, name as BuildName)))
      names.add(pack.name);
  }
  return names;
}
