import { type Contender, contest, type Result } from '../contest.ts';
import { type Context, countedOnTheWire, openBuild, withServer } from '../context.ts';
import { serveDirectory } from '../peers/nginx.ts';
import * as ostree from '../peers/ostree.ts';
import * as rsync from '../peers/rsync.ts';
import * as satchel from '../peers/satchel.ts';
import type { Address, Server } from '../servers.ts';
import { writeSyntheticTree } from '../trees-synthetic.ts';

/** The device has what its source has: how long until it knows. The tree is `count` small files. */
export async function nothingToDo(context: Context, count: number): Promise<Result[]> {
  const { workspace, without } = context;
  const name = `synthetic-${count}`;
  const tar = workspace.fresh(`${name}.tar`);
  writeSyntheticTree(tar, count);
  const build = openBuild(name, tar, workspace.freshDirectory('extracted'));
  const servers: Server[] = [];
  const contenders: Contender[] = [];
  try {
    if (!without.has('satchel')) {
      const repository = workspace.fresh('repository');
      await satchel.initRepository(repository);
      await satchel.publish(repository, name, tar);
      const server = await satchel.serve(repository);
      servers.push(server);
      const device = workspace.freshDirectory('device');
      await satchel.initDevice(device, server.at);
      await satchel.update(device, name);
      contenders.push({
        who: 'satchel',
        prepare: async () => () => withServer(server, () => satchel.update(device, name)),
        wire: () => countedOnTheWire(server, (at) => satchel.update(device, name, at)),
      });
    }
    if (!without.has('rsync')) {
      const server = await rsync.serveTrees(workspace.fresh('rsyncd.conf'), { [name]: build.extracted });
      servers.push(server);
      const directory = workspace.freshDirectory('rsync');
      await rsync.pull(server.at, name, directory);
      const again = (at: Address) => rsync.pull(at, name, directory);
      contenders.push({
        who: 'rsync in place',
        prepare: async () => () => withServer(server, () => again(server.at)),
        wire: () => countedOnTheWire(server, again),
      });
    }
    // ostree takes as long at every size, and minutes to prepare a large one.
    if (!without.has('ostree') && count <= 10_000) {
      const archive = workspace.fresh('archive');
      await ostree.initArchive(archive);
      await ostree.commit(archive, name, build.extracted, '--fsync=false');
      const server = await serveDirectory(archive, workspace.fresh('nginx'));
      servers.push(server);
      const client = workspace.fresh('ostree-client');
      await ostree.initClient(client, server.at);
      await ostree.pull(client, name);
      contenders.push({
        who: 'ostree pull',
        prepare: async () => () => withServer(server, () => ostree.pull(client, name)),
        wire: () =>
          countedOnTheWire(server, async (at) => {
            await ostree.pointClientAt(client, at);
            await ostree.pull(client, name);
          }),
      });
    }
    return await contest(contenders, { ...context, pair: name, row: 'nothing to do' });
  } finally {
    for (const server of servers) await server.stop();
  }
}
