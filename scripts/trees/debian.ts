import { hasProgram, runProgram } from '../run-program.ts';
import { acquireSettings, type Mirror } from './mirror.ts';

/** What to put into a tree, and where to. */
export type DebianTree = {
  readonly mirror: Mirror;
  /** With the release's updates and security updates, or the release alone. */
  readonly withUpdates: boolean;
  readonly packages: readonly string[];
  /** The tar to write. */
  readonly output: string;
  readonly signal: AbortSignal | undefined;
  readonly onLine: (line: string) => void;
};

/** Installs mmdebstrap if it is missing. Returns what apt-get complained about, or undefined when it is there. */
export async function provideMmdebstrap(signal: AbortSignal | undefined): Promise<string | undefined> {
  if (await hasProgram('mmdebstrap')) return undefined;
  const apt = ['-o', 'DPkg::Lock::Timeout=300', '-y', '--no-install-recommends', 'install', 'mmdebstrap'];
  const options = {
    environment: { DEBIAN_FRONTEND: 'noninteractive' },
    ...(signal === undefined ? {} : { signal }),
  };
  const first = await runProgram('apt-get', apt, options);
  if (first.code === 0) return undefined;
  await runProgram('apt-get', ['update'], options);
  const second = await runProgram('apt-get', apt, options);
  return second.code === 0 ? undefined : second.complaint;
}

/**
 * Writes one tree as a tar: numeric owners, device nodes, setuid bits, times as they are. Needs root.
 * Returns what mmdebstrap complained about, or undefined when the tar is complete.
 */
export async function makeDebianTree(tree: DebianTree): Promise<string | undefined> {
  const first = await mmdebstrap(tree, []);
  if (first === undefined || !/mount/i.test(first)) return first;
  // A container that is root without being allowed to mount still makes a complete minbase.
  return await mmdebstrap(tree, ['--skip=check/canmount,chroot/mount']);
}

async function mmdebstrap(tree: DebianTree, more: readonly string[]): Promise<string | undefined> {
  const settings = await acquireSettings();
  const sources = tree.withUpdates ? [tree.mirror.release, ...tree.mirror.updates] : [tree.mirror.release];
  const { code, complaint } = await runProgram(
    'mmdebstrap',
    [
      '--mode=root',
      '--format=tar',
      '--variant=minbase',
      `--include=${tree.packages.join(',')}`,
      ...settings.map((setting) => `--aptopt=${setting}`),
      // How this machine reaches its mirror is no part of the tree.
      '--customize-hook=rm -f "$1/etc/apt/apt.conf.d/99mmdebstrap"',
      ...more,
      tree.mirror.suite,
      tree.output,
      ...sources,
    ],
    { onLine: tree.onLine, ...(tree.signal === undefined ? {} : { signal: tree.signal }) },
  );
  return code === 0 ? undefined : complaint;
}
