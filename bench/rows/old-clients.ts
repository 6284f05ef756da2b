import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Contender, contest, type Result } from '../contest.ts';
import { type Context, checkExact, checkPeer } from '../context.ts';
import { run } from '../measure.ts';
import * as rsync from '../peers/rsync.ts';
import * as satchel from '../peers/satchel.ts';
import { devicesOfRoom, measureTogether } from '../room.ts';
import type { Server } from '../servers.ts';
import type { Step } from '../updaters.ts';

export type OldClientsOptions = {
  readonly pair: string;
  readonly step: Step;
  /** Our repository with both builds. */
  readonly repository: string | undefined;
  /** The same with one time for every file: files that differ in nothing else then share an inode. */
  readonly oneTime: string | undefined;
  /** A bare rsync daemon that serves both trees as tar unpacked them. */
  readonly bare: Server | undefined;
};

/**
 * Stock rsync clients: how long the first one waits while its tree is made, what the trees of both builds take on
 * disk, and a room of clients that update, from our daemon and from a bare one over unpacked trees.
 */
export async function oldClients(context: Context, options: OldClientsOptions): Promise<Result[]> {
  const { repository, oneTime, bare } = options;
  const results: Result[] = [];
  if (oneTime !== undefined)
    results.push(
      ...(await trees(context, options, oneTime)).map((result) => ({
        ...result,
        row: `${result.row}, one time`,
      })),
    );
  if (repository !== undefined) results.push(...(await trees(context, options, repository)));
  if (repository !== undefined) results.push(await roomAtSatchel(context, options, repository));
  if (bare !== undefined)
    results.push(
      await room(context, options, {
        who: 'rsync',
        server: bare,
        module: (build) => build,
        check: checkPeer,
      }),
    );
  return results;
}

/** The first client of each build makes its tree; the second shares what is equal with the first. */
async function trees(
  context: Context,
  { pair, step }: OldClientsOptions,
  repository: string,
): Promise<Result[]> {
  let directory = '';
  let server: Server | undefined;
  const first: Contender = {
    who: 'satchel',
    async prepare() {
      await server?.stop();
      directory = context.workspace.fresh('rsync-directory');
      server = await satchel.serveRsync(repository, directory);
      const { at } = server;
      return () => rsync.list(at, module(step.from.name));
    },
    disk: () => bytesOf(join(directory, 'pub')),
  };
  try {
    const alone = await contest([first], { ...context, pair, row: 'tree for rsync' });
    await rsync.list(server!.at, module(step.to.name));
    const disk = bytesOf(join(directory, 'pub'));
    return [...alone, { pair, row: 'both trees for rsync', who: 'satchel', samples: [], disk }];
  } finally {
    await server?.stop();
  }
}

async function roomAtSatchel(
  context: Context,
  options: OldClientsOptions,
  repository: string,
): Promise<Result> {
  const directory = context.workspace.fresh('rsync-directory');
  const server = await satchel.serveRsync(repository, directory);
  try {
    for (const { name } of [options.step.from, options.step.to]) await rsync.list(server.at, module(name));
    const named = (build: string) => `${module(build)}/root`;
    return await room(context, options, { who: 'satchel', server, module: named, check: checkExact });
  } finally {
    await server.stop();
  }
}

type Room = {
  readonly who: string;
  readonly server: Server;
  /** Where a build's tree lies on the server. */
  readonly module: (build: string) => string;
  readonly check: typeof checkPeer;
};

async function room(
  context: Context,
  { pair, step }: OldClientsOptions,
  { who, server, module: at, check }: Room,
): Promise<Result> {
  const row = 'old clients';
  const base = context.workspace.freshDirectory('rsync-base');
  await rsync.pull(server.at, at(step.from.name), base);
  const directories = Array.from({ length: devicesOfRoom }, () => context.workspace.freshDirectory('rsync'));
  await run({ program: 'sync', parameters: [] });
  const target = at(step.to.name);
  const pull = (directory: string) => rsync.pull(server.at, target, directory, `--link-dest=${base}`);
  const sample = await measureTogether(
    server,
    directories.map((directory) => () => pull(directory)),
  );
  context.say(`${row}: ${who}: ${sample.wall.toFixed(2)} s, server ${sample.serverCpu.toFixed(2)} s of CPU`);
  return { pair, row, who, samples: [sample], tree: check(step.to, directories.at(-1)!) };
}

function module(build: string): string {
  return `build-${build}`;
}

/** Blocks in use below a directory, each inode once. */
function bytesOf(directory: string): number {
  mkdirSync(directory, { recursive: true });
  const answer = execFileSync('du', ['-s', '--block-size=1', directory], { encoding: 'latin1' });
  return Number(answer.split('\t')[0]);
}
