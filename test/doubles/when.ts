import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until a condition holds that another process brings about; looks every few milliseconds. Throws when
 * `ended` comes first, since then it never will.
 */
export async function when(condition: () => boolean, ended?: Promise<unknown>): Promise<void> {
  let over = false;
  const stop = () => {
    over = true;
  };
  ended?.then(stop, stop);
  while (!condition()) {
    if (over) throw new Error(`the process ended before it happened: ${JSON.stringify(await ended)}`);
    await sleep(2);
  }
}

/** Bytes of the files directly in a folder; 0 when it is not there. */
export function bytesIn(directory: string): number {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return 0;
  }
  return names
    .map((name) => lstatSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size, 0);
}
