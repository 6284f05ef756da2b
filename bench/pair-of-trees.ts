import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import type { Result } from './contest.ts';
import { type Context, openBuild } from './context.ts';
import { type Offer, type OfferName, type Offers, openOffers, type Repositories } from './offers.ts';
import type { RowName } from './options.ts';
import type { Pair } from './pairs.ts';
import * as satchel from './peers/satchel.ts';
import type { OstreePrograms } from './requirements.ts';
import { classroom } from './rows/classroom.ts';
import { firstInstall } from './rows/first-install.ts';
import { makeDelta } from './rows/make-delta.ts';
import { oldClients } from './rows/old-clients.ts';
import { type OstreeInputs, type Published, publish, publishOnce } from './rows/publish.ts';
import { roomBehindSite } from './rows/site.ts';
import { manyAskers } from './rows/site-askers.ts';
import { thinLink } from './rows/thin-link.ts';
import { update } from './rows/update.ts';
import { fullImage } from './trees.ts';
import type { Step } from './updaters.ts';

/** The time that the old image builder gave to every file: 2007-11-02 12:00 UTC. */
const oneTime = 1_194_004_800;

/** Updates over a thin link take up to a minute and hardly vary: more runs say nothing more. */
const mostThinRuns = 3;

export type PairOptions = {
  readonly pair: Pair;
  /** Groups of rows that the caller wants. */
  readonly rows: ReadonlySet<RowName>;
  readonly ostrees: OstreePrograms;
};

/** Measures every row that goes from the first tree of a pair to the second. */
export async function pairOfTrees(context: Context, options: PairOptions): Promise<Result[]> {
  const { workspace, say } = context;
  const { pair, ostrees } = options;
  const has = (row: RowName) => options.rows.has(row) && pair.rows.includes(row);
  const results: Result[] = [];
  const row = async (measured: Promise<Result[]>) => {
    results.push(...(await measured));
    await workspace.endRow();
  };

  const tars = await pair.trees(workspace.freshDirectory('trees', 'pair'), say);
  const step: Step = {
    from: openBuild(`${pair.builds}-1`, tars.from, workspace.freshDirectory('extracted', 'pair')),
    to: openBuild(`${pair.builds}-2`, tars.to, workspace.freshDirectory('extracted', 'pair')),
  };
  const inputs = context.without.has('ostree') ? undefined : ostreeInputs(context, step);
  let published: Published;
  if (has('publish')) {
    const measured = await publish(context, pair.name, step, inputs);
    published = measured.published;
    results.push(...measured.results);
  } else published = await publishOnce(context, step, inputs);
  const deltas = await makeDeltas(context, step, options, published);
  if (has('delta')) results.push(...deltas.results);

  await workspace.endRow();
  const { repositories } = deltas;
  const { offers, close } = await openOffers(context, { step, published, repositories, ostrees });
  try {
    if (has('install')) await row(install(context, pair, step, offers));
    if (has('update')) {
      await row(updateAsItIs(context, pair, offers, tars.to));
      await row(updateWithOneTime(context, pair, offers));
    }
    if (has('classroom')) await row(classroom(context, pair.name, classroomOffers(context, offers)));
    if (has('thin-link')) {
      await row(overThinLink(context, pair, offers, 0));
      if (!context.quick) await row(overThinLink(context, pair, offers, 1));
    }
    if (has('site')) await row(behindSites(context, pair, offers, repositories));
    if (has('old-clients')) {
      const { plain: repository, oneTime } = repositories;
      const places = { repository, oneTime: oneTime?.repository, bare: offers.rsync?.home };
      await row(oldClients(context, { pair: pair.name, step, ...places }));
    }
  } finally {
    await close();
  }
  return results;
}

/** The deltas of everybody who makes them, and a repository of ours with one time for every file. */
async function makeDeltas(
  context: Context,
  step: Step,
  { pair, ostrees }: PairOptions,
  published: Published,
): Promise<{ results: Result[]; repositories: Repositories }> {
  const plain = published.satchel;
  const canMake = plain !== undefined && (await satchel.knowsDeltas());
  if (plain !== undefined && !canMake) context.say('This Satchel makes no deltas: it updates by objects.');
  const archive = published.ostree;
  const maker = ostrees.next ?? ostrees.installed;
  const inputs = {
    ...(canMake ? { satchel: plain } : {}),
    ...(archive && maker ? { ostree: { archive, maker } } : {}),
  };
  const runs = Math.min(pair.deltaRuns, context.runs);
  const contest = { ...context, pair: pair.name, row: 'make the delta', runs, warmUp: false };
  const { results, satchel: delta } = await makeDelta(context, step, inputs, contest);
  const repository = plain === undefined ? undefined : await oneTimeRepository(context, step, canMake);
  const clamped = repository === undefined ? undefined : { repository, time: oneTime };
  return { results, repositories: { plain, delta, oneTime: clamped } };
}

async function oneTimeRepository(
  { workspace }: Context,
  { from, to }: Step,
  withDelta: boolean,
): Promise<string> {
  const repository = workspace.fresh('repository', 'pair');
  await satchel.initRepository(repository);
  for (const { name, tar } of [from, to])
    await satchel.publish(repository, name, tar, '--clamp-mtime', `@${oneTime}`);
  if (withDelta) await satchel.makeDelta(repository, from.name, to.name);
  return repository;
}

function install(context: Context, pair: Pair, { from }: Step, offers: Offers): Promise<Result[]> {
  const servers = {
    ...(offers.satchelObjects ? { satchel: offers.satchelObjects.home } : {}),
    ...(offers.rsync ? { rsync: offers.rsync.home } : {}),
  };
  return firstInstall(context, pair.name, from, servers);
}

/** Times as they are in the tars: what rsync and casync do as well. */
async function updateAsItIs(context: Context, pair: Pair, offers: Offers, tar: string): Promise<Result[]> {
  const row = 'update';
  const names = ['satchel', 'satchelObjects', 'rsync', 'rsyncCompressed', 'casync', 'zchunk'] as const;
  const own = names.filter(
    (name) => name !== 'satchelObjects' || offers.satchel?.home !== offers[name]?.home,
  );
  const results = await update(those(offers, own), { ...context, pair: pair.name, row });
  if (!pair.hasImage || context.quick) return results;
  const { size: bytes } = statSync(await fullImage(pair.name, tar, context.say));
  const wire = { bytes, requests: 1 };
  return [...results, { pair: pair.name, row, who: 'full image, tar.xz', samples: [], wire }];
}

/** One time for every file: ostree keeps no times, so only this is the same job. */
function updateWithOneTime(context: Context, pair: Pair, offers: Offers): Promise<Result[]> {
  const contenders = those(offers, [
    'satchelOneTime',
    'ostreeObjects',
    'ostreeDelta',
    'ostreeDeltaInstalled',
  ]);
  return update(contenders, { ...context, pair: pair.name, row: 'update, one time' });
}

function classroomOffers({ quick }: Context, offers: Offers): Offer[] {
  const always = ['satchelOneTime', 'satchelNginx', 'ostreeDelta', 'rsync'] as const;
  return those(offers, quick ? always : [...always, 'rsyncCompressed']);
}

function overThinLink(context: Context, pair: Pair, offers: Offers, loss: number): Promise<Result[]> {
  const always = ['satchelOneTime', 'ostreeDelta', 'rsyncCompressed'] as const;
  const contenders = those(offers, context.quick ? always : [...always, 'ostreeObjects']);
  return thinLink(context, pair.name, contenders, { loss, runs: Math.min(mostThinRuns, context.runs) });
}

/** With one time for every file, as the room without a site and the thin link. */
async function behindSites(
  context: Context,
  pair: Pair,
  offers: Offers,
  { oneTime }: Repositories,
): Promise<Result[]> {
  const updater = offers.satchelOneTime?.updater;
  if (updater === undefined || oneTime === undefined) return [];
  const { repository } = oneTime;
  return [
    ...(await roomBehindSite(context, { pair: pair.name, repository, updater })),
    ...(await manyAskers(context, pair.name, repository)),
  ];
}

function those(offers: Offers, names: readonly OfferName[]): Offer[] {
  return names.flatMap((name) => offers[name] ?? []);
}

function ostreeInputs(context: Context, { from, to }: Step): OstreeInputs {
  return {
    from: { name: from.name, ...withoutDevices(context, from.tar) },
    to: { name: to.name, ...withoutDevices(context, to.tar) },
  };
}

/** The tree as ostree can take it, as a directory and as a tar. */
function withoutDevices({ workspace }: Context, tar: string): { directory: string; tar: string } {
  const directory = workspace.freshDirectory('ostree-input');
  const kept = ['--numeric-owner', '--xattrs', '--xattrs-include=*'];
  execFileSync('tar', [...kept, '-xp', '--exclude=./dev/*', '-C', directory, '-f', tar]);
  const withoutDev = workspace.fresh('ostree-input.tar');
  execFileSync('tar', [...kept, '-C', directory, '-cf', withoutDev, '.']);
  return { directory, tar: withoutDev };
}
