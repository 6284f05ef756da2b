import { SatchelError } from '../base/errors.ts';

/** The error for a delta that is not sound; `reason` says in a few words what is wrong. */
export function damaged(reason: string, cause?: unknown): SatchelError {
  return new SatchelError('delta-damaged', { reason }, cause === undefined ? {} : { cause });
}
