import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { SatchelError } from '../base/errors.ts';
import { errnoOf, withSystemErrors } from '../os/system-error.ts';

/** How a file of a set is opened. */
export type SetFileOptions = {
  /**
   * True in a directory that others may write: a symlink there could lead to any file that this process may read, and
   * what is read gets published.
   */
  readonly noLinks?: boolean | undefined;
};

const readOnly = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Opens a file of a set for reading; the caller closes it. Throws `source-is-link` for a symlink and
 * `source-not-regular` for anything else that is no file, where those are not followed.
 */
export function openSetFile(path: string, { noLinks = false }: SetFileOptions = {}): number {
  const fd = withSystemErrors('open', path, () => {
    try {
      return openSync(path, noLinks ? readOnly | constants.O_NOFOLLOW : constants.O_RDONLY);
    } catch (error) {
      if (noLinks && errnoOf(error) === 'ELOOP')
        throw new SatchelError('source-is-link', { path }, { cause: error });
      throw error;
    }
  });
  if (!noLinks || fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new SatchelError('source-not-regular', { path });
}

/** A small file that belongs to an archive. Throws `source-side-file-too-large`, and as {@link openSetFile} does. */
export function readSideFile(path: string, limit: number, options: SetFileOptions = {}): Buffer {
  const fd = openSetFile(path, options);
  try {
    return withSystemErrors('read', path, () => {
      const { size } = fstatSync(fd);
      if (size > limit) throw new SatchelError('source-side-file-too-large', { path, bytes: size, limit });
      return readFileSync(fd);
    });
  } finally {
    closeSync(fd);
  }
}
