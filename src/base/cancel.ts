import { SatchelError } from './errors.ts';

/** Throws `cancelled` when the signal has been aborted. Call it between the pieces of long work. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new SatchelError('cancelled', {}, { cause: signal.reason });
}
