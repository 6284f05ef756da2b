import { closeSync, constants, fstatSync, openSync, readlinkSync } from 'node:fs';
import { bytesOf } from '../base/byte-string.ts';
import { errnoOf, errorFromErrno, type SystemPath, systemError } from '../os/system-error.ts';
import type { LocalInode, LocalPlace } from './local-inode.ts';

const noSuchFile = 2; // ENOENT

/**
 * Opens a regular file for reading. A user may turn a folder of a layer that is in use into a symlink at any moment, and
 * so lead a path to what only root may read. A path that leads elsewhere, or to a file with another owner or mode than it
 * had, counts as vanished: throws ENOENT as a system error.
 */
export function openPlace({ tree, path, inode }: LocalPlace): number {
  const place = tree.place(path);
  let fd: number | undefined;
  try {
    fd = openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const expected = Buffer.concat([tree.realRoot(), Buffer.from('/'), bytesOf(path)]);
    if (leadsTo(fd, expected) && isAsSeen(fd, inode)) return fd;
    throw errorFromErrno(noSuchFile, 'open', place);
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    throw systemError(error, 'read', place);
  }
}

/** Runs `action` on a regular file that is open for reading. Throws what {@link openPlace} throws. */
export function withPlace<Result>(place: LocalPlace, action: (fd: number) => Result): Result {
  const fd = openPlace(place);
  try {
    return action(fd);
  } catch (error) {
    throw systemError(error, 'read', place.tree.place(place.path));
  } finally {
    closeSync(fd);
  }
}

/** The path of an open file that only this process can name so. */
export function pathOfOpened(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

function leadsTo(fd: number, expected: SystemPath): boolean {
  try {
    return readlinkSync(pathOfOpened(fd), { encoding: 'buffer' }).equals(Buffer.from(expected));
  } catch (error) {
    // Without /proc there is nothing but this program.
    if (errnoOf(error) === 'ENOENT') return true;
    throw error;
  }
}

function isAsSeen(fd: number, { uid, gid, mode }: LocalInode): boolean {
  const stat = fstatSync(fd);
  return stat.isFile() && stat.uid === uid && stat.gid === gid && (stat.mode & 0o7777) === mode;
}
