import { SatchelError } from '../base/errors.ts';
import { displayPath } from '../os/system-error.ts';

/**
 * A path as the value of a setting. rsync puts variables in the place of `%NAME%`, and has no way around it that
 * holds for every setting. Throws `rsync-path-not-allowed`.
 */
export function configurationPath(path: string): string {
  if (/[\x00-\x1f\x7f]|\\$|\s$|\/\.\/|%.*%/.test(path))
    throw new SatchelError('rsync-path-not-allowed', { path: displayPath(path) });
  return path;
}
