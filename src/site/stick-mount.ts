import { execFile } from 'node:child_process';
import { mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SatchelError } from '../base/errors.ts';
import { withSystemErrors } from '../os/system-error.ts';

const run = promisify(execFile);

/** A stick that was mounted for the while. */
export type MountedStick = {
  readonly directory: string;
  /** What people called it. */
  readonly label: string | undefined;
  /** Writes everything out and lets go of it; may be called again. */
  release(): Promise<void>;
};

/** File systems that sticks have; those without owners get the given one. */
const kinds: Readonly<Record<string, 'ownerless' | 'unix'>> = {
  vfat: 'ownerless',
  exfat: 'ownerless',
  ext2: 'unix',
  ext3: 'unix',
  ext4: 'unix',
};

/** A stick is data: nothing on it is run, no device node or setuid bit counts. */
const careful = 'nosuid,nodev,noexec,noatime';

/**
 * Mounts a block device in a new folder, to be read and, where that is possible, written. On a file system without owners
 * everything belongs to the given user. Only root can do that. Throws `stick-not-mounted`,
 * `stick-device-absent`, `stick-without-file-system`, `stick-file-system-unusable`.
 */
export async function mountStick(
  device: string,
  owner: { readonly uid: number; readonly gid: number },
): Promise<MountedStick> {
  const { type, label } = await probe(device);
  const kind = kinds[type];
  if (type === '') throw new SatchelError('stick-without-file-system', { device });
  if (kind === undefined) throw new SatchelError('stick-file-system-unusable', { device, type });
  const directory = withSystemErrors('mkdir', tmpdir(), () => mkdtempSync(join(tmpdir(), 'satchel-stick-')));
  const owned = kind === 'ownerless' ? `,uid=${owner.uid},gid=${owner.gid},fmask=0022,dmask=0022` : '';
  try {
    try {
      await mount(device, directory, type, `rw,${careful}${owned}`);
    } catch {
      // A stick with its switch on "locked" has builds all the same.
      await mount(device, directory, type, `ro,${careful}${owned}`);
    }
  } catch (error) {
    rmdirSync(directory);
    throw notMounted(device, lastLine(error));
  }
  let isMounted = true;
  return {
    directory,
    label,
    async release() {
      if (!isMounted) return;
      isMounted = false;
      await run('umount', [directory]).catch(() => run('umount', ['--lazy', directory]));
      rmdirSync(directory);
    },
  };
}

/** Whom a directory belongs to. */
export function ownerOf(directory: string): { readonly uid: number; readonly gid: number } {
  return withSystemErrors('stat', directory, () => statSync(directory));
}

/**
 * Does something with the rights of a user instead of root's: what a stick says is never looked at with more rights than
 * the site has, and what is written belongs to the site. Does it as it is for anybody but root.
 */
export async function withRightsOf<Result>(
  { uid, gid }: { readonly uid: number; readonly gid: number },
  action: (asRoot: <Inner>(inner: () => Promise<Inner>) => Promise<Inner>) => Promise<Result>,
): Promise<Result> {
  const isRoot = process.geteuid?.() === 0;
  if (!isRoot || uid === 0) return action((inner) => inner());
  const groups = process.getgroups?.() ?? [];
  const become = () => {
    process.setgroups?.([gid]);
    process.setegid?.(gid);
    process.seteuid?.(uid);
  };
  const beRoot = () => {
    process.seteuid?.(0);
    process.setegid?.(0);
    process.setgroups?.(groups);
  };
  become();
  try {
    return await action(async (inner) => {
      beRoot();
      try {
        return await inner();
      } finally {
        become();
      }
    });
  } finally {
    beRoot();
  }
}

/** The kind of file system on a device, and its label. */
async function probe(device: string): Promise<{ type: string; label: string | undefined }> {
  try {
    const words = ['-c', '/dev/null', '-o', 'export', device];
    const { stdout } = await run('blkid', words, { encoding: 'utf8' });
    const fields = new Map(
      stdout.split('\n').map((line) => {
        const [name = '', ...value] = line.split('=');
        return [name, value.join('=')] as const;
      }),
    );
    // Whatever is odd in a label comes with a backslash.
    const label = fields.get('LABEL')?.replaceAll('\\', '');
    return { type: fields.get('TYPE') ?? '', label };
  } catch (error) {
    if (statSync(device, { throwIfNoEntry: false }) === undefined)
      throw new SatchelError('stick-device-absent', { device });
    const reason = lastLine(error);
    if (reason === '') throw new SatchelError('stick-without-file-system', { device }, { cause: error });
    throw notMounted(device, reason);
  }
}

async function mount(device: string, directory: string, type: string, options: string): Promise<void> {
  await run('mount', ['-t', type, '-o', options, '--', device, directory], {});
}

function notMounted(device: string, reason: string): SatchelError {
  return new SatchelError('stick-not-mounted', { device, reason });
}

/** What a program said last on standard error. */
function lastLine(error: unknown): string {
  if (error instanceof Error && 'stderr' in error)
    return String(error.stderr).trim().split('\n').at(-1) ?? '';
  return error instanceof Error ? error.message : String(error);
}
