/** The Debian that all versions of the boot tests are made of, as a tar that is made once and kept. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDebianTree, provideMmdebstrap } from '../../scripts/trees/debian.ts';
import { mirrorOfThisMachine } from '../../scripts/trees/mirror.ts';
import { treesDirectory } from '../../scripts/trees.ts';

/**
 * A kernel without drivers for hardware that no emulator has, systemd, and the tools of both generators: initramfs-tools
 * is the one that Debian's kernel calls, dracut is called by the tests that are about it.
 */
const packages = [
  'btrfs-progs',
  'busybox',
  'dracut-core',
  'initramfs-tools',
  'linux-image-cloud-amd64',
  'systemd-sysv',
  'udev',
  'zstd',
];

/** The tar; made at the first call on a machine, which takes a minute or two. Needs root and a Debian mirror. */
export async function baseTree(onLine: (line: string) => void): Promise<string> {
  const mirror = await mirrorOfThisMachine();
  if (mirror === undefined) throw new Error('no package source of this machine carries Debian');
  const tar = join(treesDirectory(), `debian-${mirror.suite}-boot`, 'tree.tar');
  if (existsSync(tar)) return tar;
  const missing = await provideMmdebstrap(undefined);
  if (missing !== undefined) throw new Error(`mmdebstrap cannot be installed: ${missing}`);
  mkdirSync(treesDirectory(), { recursive: true });
  const temporary = mkdtempSync(join(treesDirectory(), '.boot-'));
  try {
    const output = join(temporary, 'tree.tar');
    const complaint = await makeDebianTree({
      ...{ mirror, withUpdates: true, packages, output, signal: undefined, onLine },
    });
    if (complaint !== undefined) throw new Error(`mmdebstrap failed: ${complaint}`);
    mkdirSync(dirname(tar), { recursive: true });
    renameSync(output, tar);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return tar;
}
