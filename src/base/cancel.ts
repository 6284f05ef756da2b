import { SatchelError } from './errors.ts';

/** Throws `cancelled` when the signal has been aborted. Call it between the pieces of long work. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new SatchelError('cancelled', {}, { cause: signal.reason });
}

/** Waits for the promise, but no longer than until the signal is aborted: then throws `cancelled`. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const stop = () => reject(new SatchelError('cancelled', {}, { cause: signal.reason }));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
