import { type Contender, contest, type Result } from '../contest.ts';
import { type Build, type Context, checkExact, checkPeer, countedOnTheWire, withServer } from '../context.ts';
import * as ostree from '../peers/ostree.ts';
import * as rsync from '../peers/rsync.ts';
import * as satchel from '../peers/satchel.ts';
import type { Server } from '../servers.ts';

/** The two builds of an update. */
export type Step = { readonly from: Build; readonly to: Build };

/** A device goes from one build to the next over loopback, times as they are in the tars. */
export async function update(
  context: Context,
  pair: string,
  step: Step,
  servers: { readonly satchel?: Server; readonly rsync?: Server },
): Promise<Result[]> {
  const contenders: Contender[] = [];
  if (servers.satchel) contenders.push(bySatchel(context, step, servers.satchel));
  if (servers.rsync) {
    contenders.push(byRsync(context, step, servers.rsync, 'rsync --link-dest'));
    contenders.push(byRsync(context, step, servers.rsync, 'rsync --link-dest -z', '-z'));
  }
  return await contest(contenders, { ...context, pair, row: 'update' });
}

/** The same with one time for every file: ostree keeps no times, so only this is the same job. */
export async function updateClamped(
  context: Context,
  pair: string,
  step: Step,
  clampedTo: number,
  servers: { readonly satchel?: Server; readonly ostree?: Server },
): Promise<Result[]> {
  const contenders: Contender[] = [];
  if (servers.satchel) contenders.push(bySatchel(context, step, servers.satchel, clampedTo));
  if (servers.ostree) contenders.push(byOstree(context, step, servers.ostree));
  return await contest(contenders, { ...context, pair, row: 'update, one time' });
}

function bySatchel(context: Context, { from, to }: Step, server: Server, clampedTo?: number): Contender {
  let device = '';
  const install = async (port: number) => {
    device = context.workspace.freshDirectory('device');
    await satchel.initDevice(device, port);
    await satchel.update(device, from.name);
  };
  return {
    who: 'satchel',
    async prepare() {
      await install(server.port);
      return () => withServer(server, () => satchel.update(device, to.name));
    },
    wire: () => countedOnTheWire(server, install, () => satchel.update(device, to.name)),
    check() {
      // The old build must have come through the update unharmed as well.
      checkExact(from, satchel.installedTree(device, from.name), clampedTo);
      return checkExact(to, satchel.installedTree(device, to.name), clampedTo);
    },
  };
}

function byRsync(
  context: Context,
  { from, to }: Step,
  server: Server,
  who: string,
  ...options: string[]
): Contender {
  let base: string | undefined;
  let directory = '';
  const newDirectory = async () => {
    if (base === undefined) {
      base = context.workspace.freshDirectory('rsync-base');
      await rsync.pull(server.port, from.name, base);
    }
    directory = context.workspace.freshDirectory('rsync');
  };
  const pull = (port: number) => rsync.pull(port, to.name, directory, `--link-dest=${base}`, ...options);
  return {
    who,
    async prepare() {
      await newDirectory();
      return () => withServer(server, () => pull(server.port));
    },
    wire: async () => ({ bytes: (await countedOnTheWire(server, newDirectory, pull)).bytes }),
    check: () => checkPeer(to, directory),
  };
}

function byOstree(context: Context, { from, to }: Step, server: Server): Contender {
  let repository = '';
  let directory = '';
  const install = async (port: number) => {
    repository = context.workspace.fresh('ostree-client');
    directory = context.workspace.fresh('ostree-checkout');
    await ostree.initClient(repository, port);
    await ostree.pullAndCheckout(repository, from.name, context.workspace.fresh('ostree-base'));
  };
  return {
    who: 'ostree objects',
    async prepare() {
      await install(server.port);
      return () => withServer(server, () => ostree.pullAndCheckout(repository, to.name, directory));
    },
    wire: () =>
      countedOnTheWire(server, install, () => ostree.pullAndCheckout(repository, to.name, directory)),
    check: () => checkPeer(to, directory),
  };
}
