import { spawnSync } from 'node:child_process';
import { SatchelError } from '../base/errors.ts';

/** Numbers of the user as whom transfers run. */
export type DaemonUser = { readonly uid: number; readonly gid: number };

/**
 * The user as whom the daemon serves files: the one of the settings for a daemon that root starts, undefined for
 * any other, which serves as itself. Throws `rsync-user-absent`.
 */
export function daemonUser(name: string): DaemonUser | undefined {
  return process.getuid?.() === 0 ? userNumbers(name) : undefined;
}

/** The numbers of a user of this machine. Throws `rsync-user-absent`. */
export function userNumbers(name: string): DaemonUser {
  // `id` asks every source of users that the machine has, not only /etc/passwd.
  const number = (option: string) => {
    const { status, stdout } = spawnSync('id', [option, '--', name], { encoding: 'utf8' });
    if (status !== 0 || !/^[0-9]+\n$/.test(stdout))
      throw new SatchelError('rsync-user-absent', { user: name });
    return Number(stdout);
  };
  return { uid: number('-u'), gid: number('-g') };
}
