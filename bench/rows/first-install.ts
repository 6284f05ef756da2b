import { type Contender, contest, type Result } from '../contest.ts';
import { type Build, type Context, checkExact, checkPeer, countedOnTheWire, withServer } from '../context.ts';
import * as rsync from '../peers/rsync.ts';
import * as satchel from '../peers/satchel.ts';
import type { Address, Server } from '../servers.ts';

/** An empty device gets its first build over loopback. */
export async function firstInstall(
  context: Context,
  pair: string,
  build: Build,
  servers: { readonly satchel?: Server; readonly rsync?: Server },
): Promise<Result[]> {
  const contenders: Contender[] = [];
  if (servers.satchel) contenders.push(bySatchel(context, build, servers.satchel));
  if (servers.rsync) contenders.push(byRsync(context, build, servers.rsync));
  return await contest(contenders, { ...context, pair, row: 'first install' });
}

function bySatchel(context: Context, build: Build, server: Server): Contender {
  let device = '';
  const newDevice = async (at: Address) => {
    device = context.workspace.freshDirectory('device');
    await satchel.initDevice(device, at);
  };
  return {
    who: 'satchel',
    async prepare() {
      await newDevice(server.at);
      return () => withServer(server, () => satchel.update(device, build.name));
    },
    async wire() {
      await newDevice(server.at);
      return await countedOnTheWire(server, (at) => satchel.update(device, build.name, at));
    },
    check: () => checkExact(build, satchel.installedTree(device, build.name)),
  };
}

function byRsync(context: Context, build: Build, server: Server): Contender {
  let directory = '';
  const pull = (at: Address) => rsync.pull(at, build.name, directory);
  const newDirectory = async () => {
    directory = context.workspace.freshDirectory('rsync');
  };
  return {
    who: 'rsync',
    async prepare() {
      await newDirectory();
      return () => withServer(server, () => pull(server.at));
    },
    async wire() {
      await newDirectory();
      return await countedOnTheWire(server, pull);
    },
    check: () => checkPeer(build, directory),
  };
}
