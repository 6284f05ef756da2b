/** An origin with the builds of the boot tests, and devices made from it. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { done, type RunningServer, serve } from '../doubles/satchel-program.ts';
import { bootLabels, type DiskPlan, makeDisk, rootLabel } from './disk.ts';
import { command } from './tool.ts';
import {
  addPrograms,
  bootInstall,
  brokenInit,
  failingCheck,
  type Generator,
  makeSystem,
  nextVersion,
  type Spoiling,
} from './versions.ts';

/** Where the machine of the test sees the loopback interface of this one. */
const hostAddress = '10.0.2.2';

/** What the builds are called. */
export type Letter = 'A' | 'B' | 'C' | 'D' | 'E';

const spoilings: Readonly<Record<Exclude<Letter, 'A'>, Spoiling>> = {
  B: nextVersion('B'),
  C: brokenInit,
  D: failingCheck,
  E: nextVersion('E'),
};

/** What a device is to be. */
export type DeviceWish = Omit<DiskPlan, 'file'> & {
  /** Name of the image. */
  readonly name: string;
  /** Further words for `device init`. */
  readonly words?: readonly string[];
};

/** An origin that serves the builds to guests; each device is made once and copied for whoever wants one. */
export type World = {
  /** The address of the repository as a guest sees it. */
  readonly source: string;
  readonly repository: string;
  readonly folder: string;
  /** A fresh image of a device that runs A and has never been booted. */
  device(wish: DeviceWish): Promise<string>;
  close(): Promise<void>;
};

/**
 * Publishes the builds, made with the generator, and serves them. With `SATCHEL_BOOT_WORLD` the folder of that name is
 * used and stays: made at the first run, found at the next. With `programs` the system is larger by so many MiB.
 */
export async function makeWorld(
  generator: Generator = 'initramfs-tools',
  { programs = 0 }: { readonly programs?: number } = {},
): Promise<World> {
  const kept = process.env.SATCHEL_BOOT_WORLD;
  const folder =
    kept === undefined
      ? mkdtempSync(join(tmpdir(), 'satchel-boot-'))
      : resolve(kept, `${generator}-${programs}`);
  const repository = join(folder, 'repository');
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, 'complete'))) await publishAll(folder, repository, { generator, programs });
  const server = await serve(repository);
  return {
    source: server.url.replace('127.0.0.1', hostAddress),
    ...{ repository, folder },
    device: (wish) => makeDevice(wish, { folder, repository, server }),
    async close() {
      await server.stop();
      if (kept === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function publishAll(
  folder: string,
  repository: string,
  { generator, programs }: { readonly generator: Generator; readonly programs: number },
) {
  const tree = join(folder, 'tree');
  rmSync(tree, { recursive: true, force: true });
  rmSync(repository, { recursive: true, force: true });
  await makeSystem(tree, generator);
  if (programs > 0) addPrograms(tree, programs);
  await done(['init', '--repo', repository]);
  const publish = (name: string, source: string) =>
    done(['publish', '--repo', repository, '--name', name, '--stream', 'stable', source]);
  await publish('A', tree);
  for (const [name, spoil] of Object.entries(spoilings)) {
    using spoilt = spoiltTree(tree, folder, spoil);
    await publish(name, spoilt.path);
  }
  writeFileSync(join(folder, 'complete'), '');
}

let shared: Promise<World> | undefined;

/** The world that all tests of a run share, made when it is first needed. */
export function sharedWorld(): Promise<World> {
  shared ??= makeWorld();
  return shared;
}

/** At the end of a run. */
export async function closeSharedWorld(): Promise<void> {
  await (await shared)?.close();
}

/** The tree with changes, without a copy of it. */
export function spoiltTree(
  tree: string,
  folder: string,
  spoil: Spoiling,
): Disposable & { readonly path: string } {
  const place = mkdtempSync(join(folder, 'spoilt-'));
  const at = (name: string) => join(place, name);
  for (const name of ['upper', 'work', 'merged']) mkdirSync(at(name));
  const options = `lowerdir=${tree},upperdir=${at('upper')},workdir=${at('work')}`;
  command('mount', ['-t', 'overlay', '-o', options, 'overlay', at('merged')]);
  const dispose = () => {
    command('umount', [at('merged')]);
    rmSync(place, { recursive: true, force: true });
  };
  try {
    spoil(at('merged'));
  } catch (error) {
    dispose();
    throw error;
  }
  return { path: at('merged'), [Symbol.dispose]: dispose };
}

type Origin = { readonly folder: string; readonly repository: string; readonly server: RunningServer };

async function makeDevice(wish: DeviceWish, origin: Origin): Promise<string> {
  const { name, words = [], ...plan } = wish;
  const master = join(origin.folder, `${name}.img`);
  if (!existsSync(master)) {
    const file = `${master}.new`;
    await makeDisk({ ...plan, file }, (root) => install(root, plan, words, origin));
    command('mv', [file, master]);
  }
  const copy = join(origin.folder, `${name}-in-use.img`);
  command('cp', ['--sparse=always', '--reflink=auto', master, copy]);
  return copy;
}

/** As an operator prepares a device: it is given to the origin, gets its first version, and a menu. */
async function install(root: string, plan: Omit<DiskPlan, 'file'>, words: readonly string[], origin: Origin) {
  const trust = join(origin.repository, 'metadata/1.root.json');
  const boot = ['--boot', plan.kind, ...kindWords[plan.kind]];
  await done([
    ...['device', 'init', '--root', root, '--source', origin.server.url, '--trust', trust],
    ...[...boot, ...words],
  ]);
  await done(['update', '--root', root, 'A']);
  if (plan.kind === 'bls') return;
  const folder = join(root, plan.kind === 'olpc' ? 'grub' : 'bootpart/grub');
  mkdirSync(folder);
  bootInstall([
    ...['--tree', join(origin.folder, 'tree'), '--files-only', '--loader', 'grub'],
    ...['--root-device', `LABEL=${rootLabel}`, '--kernel-options', kernelWords],
    ...['--loader-file', join(folder, 'grub.cfg')],
    ...(plan.kind === 'olpc' ? [] : ['--boot-partition', kindWords[plan.kind][1]]),
  ]);
}

/** The console is the serial line; a kernel that panics need not be read by a person. */
const kernelWords = 'ro console=ttyS0,115200 loglevel=6 panic=1 no_timer_check';

/** For `device init`. */
const kindWords = {
  olpc: ['--boot-links'],
  'olpc-partitioned': ['--boot-partition', `/dev/disk/by-label/${bootLabels['olpc-partitioned']}`],
  bls: [
    ...['--boot-partition', `/dev/disk/by-label/${bootLabels.bls}`],
    ...['--kernel-options', `root=LABEL=${rootLabel} ${kernelWords}`],
  ],
} as const;
