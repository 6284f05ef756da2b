import { setTimeout as sleepFor } from 'node:timers/promises';
import { throwIfCancelled } from './cancel.ts';

/** Waits so many milliseconds; throws `cancelled` as soon as the signal is aborted. */
export async function sleep(milliseconds: number, signal?: AbortSignal | undefined): Promise<void> {
  try {
    await sleepFor(milliseconds, undefined, signal ? { signal } : {});
  } catch (error) {
    throwIfCancelled(signal);
    throw error;
  }
}
