import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import { listIfThere } from '../os/if-there.ts';
import { findProgram, runFilter } from '../os/process.ts';
import type { InitramfsGenerator } from './boot-install-files.ts';
import { resolveInTree } from './boot-tree.ts';

const programs: Readonly<Record<InitramfsGenerator, readonly string[]>> = {
  'initramfs-tools': ['usr/sbin/update-initramfs', 'sbin/update-initramfs'],
  dracut: ['usr/bin/dracut', 'usr/sbin/dracut', 'bin/dracut'],
};

/** What the programs of a system expect. */
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Shows the system its kernel and its devices in a mount namespace of its own, so that nothing stays mounted however
 * it ends.
 */
const inside =
  'mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && { [ ! -d "$1/sys" ] || mount --rbind /sys "$1/sys"; } && exec chroot "$@"';

/** True when a system has this generator. */
export function hasGenerator(tree: string, generator: InitramfsGenerator): boolean {
  return programs[generator].some((path) => resolveInTree(tree, path) !== undefined);
}

/** The generator of a system. Throws `boot-generator-unknown`. */
export function generatorOf(tree: string): InitramfsGenerator {
  if (hasGenerator(tree, 'initramfs-tools')) return 'initramfs-tools';
  if (hasGenerator(tree, 'dracut')) return 'dracut';
  throw new SatchelError('boot-generator-unknown', { tree });
}

/** The kernels of a system that it can start, by their versions. */
export function kernelsOf(tree: string): string[] {
  const modules = resolveInTree(tree, 'lib/modules');
  return (modules === undefined ? [] : listIfThere(modules))
    .filter((version) => resolveInTree(tree, `boot/vmlinuz-${version}`) !== undefined)
    .sort();
}

/** Makes the initramfs of one kernel with the programs of the system itself. Throws `boot-generator-failed`. */
export async function makeInitramfs(
  tree: string,
  generator: InitramfsGenerator,
  kernel: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const words = generator === 'dracut' ? dracutWords(tree, kernel) : initramfsWords(tree, kernel);
  const [program, leading] = programToRun(tree);
  let said = '';
  const output = runFilter({
    program,
    arguments: [...leading, ...words],
    input: nothing(),
    signal,
    environment: { PATH: searchPath },
    hasChildren: true,
    judge: ({ exitCode, standardError }) =>
      exitCode === 0
        ? undefined
        : new SatchelError('boot-generator-failed', {
            generator,
            kernel,
            reason: lastWords(standardError || said),
          }),
  });
  for await (const piece of output) said = (said + Buffer.from(piece).toString('utf8')).slice(-4096);
}

/** `/` is the running system; anything else is entered. */
function programToRun(tree: string): [program: string, leading: string[]] {
  if (tree === '/') return ['/usr/bin/env', []];
  const unshare = findProgram('unshare') ?? '/usr/bin/unshare';
  return [unshare, ['--mount', '--propagation', 'private', '/bin/sh', '-c', inside, 'sh', tree]];
}

function initramfsWords(tree: string, kernel: string): string[] {
  const isThere = existsSync(join(tree, `boot/initrd.img-${kernel}`));
  return ['update-initramfs', isThere ? '-u' : '-c', '-k', kernel];
}

/** For any machine, not for the one on which the image is built. */
function dracutWords(tree: string, kernel: string): string[] {
  const isDebian = existsSync(join(tree, 'etc/debian_version'));
  const file = isDebian ? `/boot/initrd.img-${kernel}` : `/boot/initramfs-${kernel}.img`;
  return ['dracut', '--force', '--no-hostonly', '--kver', kernel, file];
}

function lastWords(text: string): string {
  return text.trim().split('\n').slice(-5).join(' / ');
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
