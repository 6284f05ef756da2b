import { isSatchelError, type SatchelError } from '../base/errors.ts';

/**
 * Does what the disk may refuse; then that is a failure of the round, said once, and the rest is done all the same. True
 * when it was done.
 */
export function attemptWrite(failures: SatchelError[], action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (!isSatchelError(error) || error.code === 'cancelled') throw error;
    if (!failures.some(({ message }) => message === error.message)) failures.push(error);
    return false;
  }
}
