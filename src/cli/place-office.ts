import { join } from 'node:path';
import { watchStolen } from '../advice/stolen-watch.ts';
import type { Clock } from '../base/clock.ts';
import { type LeaseOffice, openLeaseOffice } from '../lease/office.ts';
import { isSite, siteLayout } from '../site/layout.ts';
import { leaseDirectory } from '../site/lease-directory.ts';
import { openDirectoryStore } from '../store/directory.ts';
import { largestRaise, openTimeFloor } from '../trust/floor.ts';

/** Milliseconds for which the floor of time is not read again. */
const floorPause = 10_000;

/**
 * The time of a place: at a site never before what was signed, and no more than 400 days after it, because a school's
 * server may have a dead clock. By one that stands at 2099 all leases would have ended, and all laptops be locked.
 */
export function placeClock(repository: string, clock: Clock): Clock {
  if (!isSite(repository)) return clock;
  const file = join(siteLayout(repository).trust, 'floor');
  let floor = { value: 0, read: Number.NEGATIVE_INFINITY };
  return () => {
    const now = performance.now();
    if (now - floor.read > floorPause) floor = { value: openTimeFloor(file, clock).value(), read: now };
    const time = clock();
    return floor.value > 0 && time > floor.value + largestRaise ? floor.value : Math.max(time, floor.value);
  };
}

/** What the office of a place needs. */
export type PlaceOfficeOptions = {
  readonly clock: Clock;
  readonly onFailure: (error: unknown) => void;
  /** Called when somebody asks about a laptop, who does not wait for it: at a site that is a reason to ask for news. */
  readonly onAsked?: (() => void) | undefined;
};

/** The office of a place that hands out leases, an origin or a site. The caller closes it. */
export function openPlaceOffice(
  repository: string,
  { clock, onFailure, onAsked = () => {} }: PlaceOfficeOptions,
): LeaseOffice {
  const store = openDirectoryStore(repository);
  const watch = watchStolen(store, onFailure);
  const office = openLeaseOffice({
    directory: leaseDirectory(repository),
    clock: placeClock(repository, clock),
    stolen: (serial) => watch.isStolen(serial),
    onFailure,
  });
  return {
    ...office,
    leaseFor(serial, options) {
      onAsked();
      return office.leaseFor(serial, options);
    },
    isStolen(serial) {
      onAsked();
      return office.isStolen(serial);
    },
    async close() {
      await office.close();
      await store.close();
    },
  };
}
