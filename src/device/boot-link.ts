import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { type BuildName, buildName } from '../base/identifiers.ts';
import { errnoOf, systemError } from '../os/system-error.ts';

/** The version that a link of the boot pointer leads to. Throws `boot-pointer-wrong`. */
export function nameFrom(path: string, target: string): BuildName {
  try {
    return buildName(basename(target));
  } catch (error) {
    if (isSatchelError(error, 'name-not-allowed')) throw bootPointerWrong(path, target);
    throw error;
  }
}

/** Where a symlink leads; undefined where there is none. Throws `boot-pointer-wrong` for what is no symlink. */
export function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return undefined;
    if (errno === 'EINVAL' || errno === 'ENOTDIR') throw bootPointerWrong(path, '');
    throw systemError(error, 'readlink', path);
  }
}

/** What a link of the boot pointer says makes no sense. */
export function bootPointerWrong(path: string, target: string): SatchelError {
  return new SatchelError('boot-pointer-wrong', { path, target });
}
