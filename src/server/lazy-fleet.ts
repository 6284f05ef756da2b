import { existsSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';
import { type Fleet, openFleet } from '../fleet/fleet.ts';
import { fleetDatabase } from '../fleet/layout.ts';

/** The fleet database of a repository, opened when it is first needed. */
export type LazyFleet = {
  /** Makes it when there is none. Throws what opening throws; the next call tries again. */
  open(): Promise<Fleet>;
  /** The same, or undefined when there is none yet. */
  openIfThere(): Promise<Fleet | undefined>;
  close(): Promise<void>;
};

/** A place that nobody reports to gets no database by being served. */
export function lazyFleet(repository: string, clock: Clock): LazyFleet {
  let opened: Promise<Fleet> | undefined;
  const open = (): Promise<Fleet> => {
    if (opened !== undefined) return opened;
    const opening = openFleet(repository, { clock });
    opened = opening;
    opening.catch(() => {
      if (opened === opening) opened = undefined;
    });
    return opening;
  };
  return {
    open,
    openIfThere: async () => (existsSync(fleetDatabase(repository)) ? await open() : undefined),
    async close() {
      const fleet = await opened?.catch(() => undefined);
      await fleet?.close();
    },
  };
}
