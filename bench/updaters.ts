import { join } from 'node:path';
import { type Build, type Context, checkExact, checkPeer } from './context.ts';
import { type Measured, run } from './measure.ts';
import * as casync from './peers/casync.ts';
import * as ostree from './peers/ostree.ts';
import * as rsync from './peers/rsync.ts';
import * as satchel from './peers/satchel.ts';
import * as zchunk from './peers/zchunk.ts';
import type { Address, Server } from './servers.ts';

/** The two builds of an update. */
export type Step = { readonly from: Build; readonly to: Build };

/** Something that has the first build and can go to the second. */
export type Updatable = {
  /** Goes to the second build, measured; once. */
  update(at: Address): Promise<Measured>;
  /** What is wrong with the tree that came of it. Throws where nothing may be wrong. */
  check(): string;
};

/** A way to bring a device from the first build of a step to the second. */
export type Updater = {
  readonly who: string;
  readonly version?: string;
  /** Brings the first build onto a new device, untimed. */
  install(): Promise<Updatable>;
};

export type SatchelOptions = {
  readonly who?: string;
  /** Where devices get their first build. */
  readonly home: Server;
  /** The one time (seconds) that both builds were published with. */
  readonly clampedTo?: number | undefined;
};

export function satchelUpdater(context: Context, { from, to }: Step, options: SatchelOptions): Updater {
  const { who = 'satchel', home, clampedTo } = options;
  return {
    who,
    async install() {
      const device = context.workspace.freshDirectory('device');
      await satchel.initDevice(device, home.at);
      await satchel.update(device, from.name);
      let plan = '';
      return {
        async update(at) {
          const measured = await satchel.update(device, to.name, at);
          plan = measured.report.plan;
          return measured;
        },
        check() {
          // The old build must have come through the update unharmed as well.
          checkExact(from, satchel.installedTree(device, from.name), clampedTo);
          return `${checkExact(to, satchel.installedTree(device, to.name), clampedTo)}, by ${plan}`;
        },
      };
    },
  };
}

export function rsyncUpdater(
  context: Context,
  { from, to }: Step,
  home: Server,
  ...options: string[]
): Updater {
  let base: string | undefined;
  return {
    who: ['rsync --link-dest', ...options].join(' '),
    async install() {
      if (base === undefined) {
        base = context.workspace.freshDirectory('rsync-base', 'pair');
        await rsync.pull(home.at, from.name, base);
      }
      const directory = context.workspace.freshDirectory('rsync');
      return {
        update: (at) => rsync.pull(at, to.name, directory, `--link-dest=${base}`, ...options),
        check: () => checkPeer(to, directory),
      };
    },
  };
}

export type OstreeOptions = {
  readonly who: string;
  readonly ostree: ostree.Ostree;
  readonly deltas: boolean;
  readonly home: Server;
};

export function ostreeUpdater(context: Context, { from, to }: Step, options: OstreeOptions): Updater {
  const { workspace } = context;
  const { who, home, deltas } = options;
  let template: string | undefined;
  return {
    who,
    version: options.ostree.version,
    async install() {
      if (template === undefined) {
        template = workspace.fresh('ostree-template', 'pair');
        await ostree.initClient(template, home.at);
        const base = workspace.fresh('ostree-base');
        await ostree.pullAndCheckout(template, from.name, base, { ostree: options.ostree, deltas: false });
      }
      // Objects are never written in place, so clients may share those that they have when they start.
      const repository = workspace.fresh('ostree-client');
      await run({ program: 'cp', parameters: ['-al', template, repository] });
      const directory = workspace.fresh('ostree-checkout');
      let remote = home.at;
      return {
        async update(at) {
          if (at !== remote) await ostree.pointClientAt(repository, at);
          remote = at;
          const { network } = at;
          const how = { ostree: options.ostree, deltas, network };
          return await ostree.pullAndCheckout(repository, to.name, directory, how);
        },
        check: () => checkPeer(to, directory),
      };
    },
  };
}

export function casyncUpdater(context: Context, { from, to }: Step, home: Server): Updater {
  let base: string | undefined;
  return {
    who: 'casync with seed',
    async install() {
      if (base === undefined) {
        base = context.workspace.fresh('casync-base', 'pair');
        await casync.extract(home.at, from.name, base);
      }
      const directory = context.workspace.fresh('casync');
      return {
        update: (at) => casync.extract(at, to.name, directory, base),
        check: () => checkPeer(to, directory),
      };
    },
  };
}

/** `served` is the directory with the zchunk files of both builds. */
export function zchunkUpdater(context: Context, { from, to }: Step, served: string): Updater {
  return {
    who: 'zchunk',
    async install() {
      const directory = context.workspace.freshDirectory('zchunk');
      const older = join(served, `${from.name}.zck`);
      return {
        update: (at) => zchunk.download(at, `${to.name}.zck`, older, directory),
        check: () => 'a file, no tree',
      };
    },
  };
}
