/** `npm run bench`: measures Satchel against its peers in one run and holds the figures against the goals. */
import { execFileSync } from 'node:child_process';
import { availableParallelism, constants } from 'node:os';
import { join } from 'node:path';
import { hasProgram } from '../scripts/run-program.ts';
import { debianTrees } from '../scripts/trees.ts';
import type { Result } from './contest.ts';
import { type Context, openBuild } from './context.ts';
import { killAllCommands } from './measure.ts';
import { type BenchOptions, parseOptions, usage } from './options.ts';
import * as ostree from './peers/ostree.ts';
import * as rsync from './peers/rsync.ts';
import * as satchel from './peers/satchel.ts';
import { describeResults, writeResults } from './report.ts';
import { firstInstall } from './rows/first-install.ts';
import { killAndResume } from './rows/kill-resume.ts';
import { nothingToDo } from './rows/nothing-to-do.ts';
import { publish } from './rows/publish.ts';
import { type Step, update, updateClamped } from './rows/update.ts';
import { endAllServers, type Server } from './servers.ts';
import { openWorkspace } from './workspace.ts';

/** The time that the old image builder gave to every file: 2007-11-02 12:00 UTC. */
const oneTime = 1_194_004_800;

const checkout = join(import.meta.dirname, '..');
const say = (line: string) => console.error(line);

async function main(options: BenchOptions): Promise<void> {
  await requirePrograms(options.without);
  const workspace = openWorkspace(checkout);
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => {
      killAllCommands();
      endAllServers();
      workspace.removeAtOnce();
      process.exit(128 + constants.signals[name]);
    });
  const context: Context = {
    workspace,
    runs: options.runs,
    quick: options.quick,
    without: options.without,
    say,
  };
  const results: Result[] = [];
  try {
    if (options.pairs.includes('small-minor')) results.push(...(await pairOfTrees(context, 'small')));
    if (options.pairs.includes('large-minor')) results.push(...(await pairOfTrees(context, 'large')));
    if (options.pairs.includes('synthetic'))
      for (const count of options.quick ? [10_000] : [10_000, 50_000, 200_000]) {
        results.push(...(await nothingToDo(context, count)));
        await workspace.endRow();
      }
    if (options.pairs.includes('kill-resume') && !options.without.has('satchel'))
      results.push(...(await killAndResume(context)));
  } finally {
    say('removing what was made');
    await workspace.remove();
  }
  const setting = {
    when: new Date().toISOString(),
    runs: options.runs,
    processors: availableParallelism(),
    versions: await versions(options.without),
  };
  writeResults(join(checkout, 'bench', 'results'), results, setting);
  console.log(describeResults(results, setting));
}

/** Every row that goes from one Debian tree to the next. */
async function pairOfTrees(context: Context, size: 'small' | 'large'): Promise<Result[]> {
  const { workspace, without } = context;
  const pair = `${size}-minor`;
  const trees = await debianTrees({ size, onLine: say });
  if (trees.sentence !== undefined) throw new Error(`figures need the real trees. ${trees.sentence}`);
  const step: Step = {
    from: openBuild(`${size}-1`, trees.a, workspace.freshDirectory('extracted')),
    to: openBuild(`${size}-2`, trees.b, workspace.freshDirectory('extracted')),
  };
  const inputs = {
    from: { name: step.from.name, ...withoutDevices(context, step.from.tar) },
    to: { name: step.to.name, ...withoutDevices(context, step.to.tar) },
  };
  const { results, published } = await publish(context, pair, step, inputs);
  await workspace.endRow();
  const servers: { satchel?: Server; rsync?: Server; ostree?: Server; clamped?: Server } = {};
  try {
    if (published.satchel) servers.satchel = await satchel.serve(published.satchel);
    if (published.ostree)
      servers.ostree = await ostree.serveArchive(published.ostree, workspace.fresh('nginx'));
    if (!without.has('rsync'))
      servers.rsync = await rsync.serveTrees(workspace.fresh('rsyncd.conf'), {
        [step.from.name]: step.from.extracted,
        [step.to.name]: step.to.extracted,
      });
    results.push(...(await firstInstall(context, pair, step.from, servers)));
    await workspace.endRow();
    results.push(...(await update(context, pair, step, servers)));
    await workspace.endRow();
    if (published.satchel) servers.clamped = await satchel.serve(await clampedRepository(context, step));
    results.push(
      ...(await updateClamped(context, pair, step, oneTime, {
        ...(servers.clamped ? { satchel: servers.clamped } : {}),
        ...(servers.ostree ? { ostree: servers.ostree } : {}),
      })),
    );
    await workspace.endRow();
  } finally {
    for (const server of Object.values(servers)) await server.stop();
  }
  return results;
}

async function clampedRepository({ workspace }: Context, { from, to }: Step): Promise<string> {
  const repository = workspace.fresh('repository');
  await satchel.initRepository(repository);
  for (const build of [from, to])
    await satchel.publish(repository, build.name, build.tar, '--clamp-mtime', `@${oneTime}`);
  return repository;
}

/** The tree as ostree can take it, as a directory and as a tar. */
function withoutDevices({ workspace }: Context, tar: string): { directory: string; tar: string } {
  const directory = workspace.freshDirectory('ostree-input');
  const kept = ['--numeric-owner', '--xattrs', '--xattrs-include=*', '--acls'];
  execFileSync('tar', [...kept, '-xp', '--exclude=./dev/*', '-C', directory, '-f', tar]);
  const withoutDev = workspace.fresh('ostree-input.tar');
  execFileSync('tar', [...kept, '-C', directory, '-cf', withoutDev, '.']);
  return { directory, tar: withoutDev };
}

async function requirePrograms(without: ReadonlySet<string>): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new Error('the bench needs root: owners and devices are part of every tree');
  const needed: [program: string, peer: string, packages: string][] = [
    ['/usr/bin/time', '', 'time'],
    ['getfattr', '', 'attr'],
    ['rsync', 'rsync', 'rsync'],
    ['ostree', 'ostree', 'ostree'],
    ['nginx', 'ostree', 'nginx-light'],
  ];
  for (const [program, peer, packages] of needed) {
    if (without.has(peer) || (await hasProgram(program))) continue;
    const way = peer === '' ? '' : `, or leave it out with --without ${peer}`;
    throw new Error(`${program} is missing: apt-get install ${packages}${way}`);
  }
}

async function versions(without: ReadonlySet<string>): Promise<Record<string, string>> {
  return {
    ...(without.has('satchel') ? {} : { satchel: await satchel.satchelVersion() }),
    ...(without.has('rsync') ? {} : { rsync: await rsync.rsyncVersion() }),
    ...(without.has('ostree') ? {} : { ostree: await ostree.ostreeVersion() }),
  };
}

let options: BenchOptions | undefined;
try {
  options = parseOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n${usage}`);
  process.exitCode = 2;
}
if (options !== undefined) {
  try {
    await main(options);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
