import { mkdirSync, watch } from 'node:fs';
import { type Contender, contest, type Result, type Sample } from '../contest.ts';
import { type Context, checkExact, openBuild } from '../context.ts';
import { type Measured, measure } from '../measure.ts';
import * as ostree from '../peers/ostree.ts';
import * as satchel from '../peers/satchel.ts';
import type { Server } from '../servers.ts';
import { writeSyntheticTree } from '../trees-synthetic.ts';

/** ostree needs minutes to commit more. */
const mostForOstree = 50_000;

/**
 * A tree beside the old one with all its files linked and one of them new. Ours is the time from when the new tree
 * appears until it is complete, verified and on disk, seen from outside; the whole update is the row's other line.
 */
export async function staging(context: Context, count: number): Promise<Result[]> {
  const { workspace, without } = context;
  const names = { from: `synthetic-${count}-1`, to: `synthetic-${count}-2` };
  const tars = { from: workspace.fresh('from.tar'), to: workspace.fresh('to.tar') };
  writeSyntheticTree(tars.from, count);
  writeSyntheticTree(tars.to, count, 1);
  const from = openBuild(names.from, tars.from, workspace.freshDirectory('extracted'));
  const to = openBuild(names.to, tars.to, workspace.freshDirectory('extracted'));
  const contenders: Contender[] = [linking('cp -al', context, (copy) => copyLinks(from.extracted, copy))];
  let server: Server | undefined;
  let whole: Sample[] = [];
  try {
    if (!without.has('satchel')) {
      const repository = workspace.fresh('repository');
      await satchel.initRepository(repository);
      await satchel.publish(repository, from.name, from.tar);
      await satchel.publish(repository, to.name, to.tar);
      server = await satchel.serve(repository);
      const { at } = server;
      let device = '';
      contenders.push({
        who: 'satchel',
        async prepare() {
          device = workspace.freshDirectory('device');
          await satchel.initDevice(device, at);
          await satchel.update(device, from.name);
          return async () => {
            const { wall, update } = await whileStaging(device, () => satchel.update(device, to.name));
            whole.push(update);
            return { ...update, wall };
          };
        },
        check: () => checkExact(to, satchel.installedTree(device, to.name)),
      });
    }
    if (!without.has('ostree') && count <= mostForOstree) {
      const repository = workspace.fresh('ostree-bare');
      await ostree.initBare(repository);
      await ostree.commit(repository, from.name, from.extracted, '--fsync=false');
      contenders.push(
        linking('ostree checkout -H', context, (copy) => ostree.checkout(repository, from.name, copy)),
      );
    }
    const options = { ...context, pair: `synthetic-${count}`, row: 'staging' };
    const results = await contest(contenders, options);
    whole = whole.slice(-context.runs);
    if (whole.length > 0)
      results.push({ pair: options.pair, row: options.row, who: 'satchel, whole update', samples: whole });
    return results;
  } finally {
    await server?.stop();
  }
}

function linking(who: string, context: Context, link: (copy: string) => Promise<Measured>): Contender {
  return { who, prepare: async () => () => link(context.workspace.fresh('linked')) };
}

function copyLinks(tree: string, copy: string): Promise<Measured> {
  return measure({ program: 'cp', parameters: ['-al', tree, copy] });
}

/** Runs an update and takes the time between the moments when the new tree appears in the stage and when it leaves. */
async function whileStaging(
  device: string,
  job: () => Promise<Measured>,
): Promise<{ wall: number; update: Measured }> {
  const stage = satchel.stageDirectory(device);
  mkdirSync(stage, { recursive: true, mode: 0o700 });
  const moments: number[] = [];
  const watcher = watch(stage, () => moments.push(performance.now()));
  try {
    const update = await job();
    if (moments.length < 2) throw new Error('no tree was staged');
    return { wall: (moments.at(-1)! - moments[0]!) / 1000, update };
  } finally {
    watcher.close();
  }
}
