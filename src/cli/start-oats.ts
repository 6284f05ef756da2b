import { type OatsDesk, openOatsDesk } from '../advice/oats-desk.ts';
import type { Clock } from '../base/clock.ts';
import type { LeaseOffice } from '../lease/office.ts';
import { endOf } from '../lease/office-lines.ts';
import { type LeaseStore, openLeaseStore } from '../lease/store.ts';
import { logOnce } from '../server/log-once.ts';
import { openLog } from '../server/logger.ts';
import type { OatsService } from '../server/oats.ts';
import { oatsReports } from '../server/oats-reports.ts';
import { isSite } from '../site/layout.ts';
import { leaseDirectory } from '../site/lease-directory.ts';
import type { ServedPlace } from './served-place.ts';

/** What answering laptops by the theft-deterrence protocol needs. */
export type StartOatsOptions = {
  readonly repository: string;
  readonly place: Pick<ServedPlace, 'store' | 'openFleet'>;
  readonly office: Pick<LeaseOffice, 'leaseFor'>;
  readonly clock: Clock;
};

/**
 * Who answers laptops at a place; its log goes to standard error. Until `satchel oats set` has been called it answers
 * nobody. A site signs through delegations only, since it never holds a key that every laptop trusts.
 */
export function startOats(options: StartOatsOptions): OatsService & { close(): Promise<void> } {
  const { repository, place, clock } = options;
  const { log, flush } = openLog({});
  const leases = isSite(repository) ? openLeaseStore(leaseDirectory(repository)) : undefined;
  const desk: OatsDesk = openOatsDesk({
    ...{ repository, clock, store: place.store, office: options.office },
    delegation: leases && ((serial) => delegationIn(leases, serial, clock())),
    onFailure: logOnce(log),
  });
  const reports = oatsReports({ desk, clock, log, fleet: place.openFleet });
  return {
    desk,
    keep: (request) => reports.keep(request),
    async close() {
      await reports.close();
      await desk.close();
      await leases?.close();
      flush();
    },
  };
}

/** Of the delegations for a laptop the one that lasts longest. */
function delegationIn(leases: LeaseStore, serial: Parameters<LeaseStore['delegations']>[0], now: number) {
  return leases
    .delegations(serial)
    .filter((delegation) => endOf(delegation) >= now)
    .reduce<ReturnType<LeaseStore['delegation']>>(
      (best, other) => (best === undefined || endOf(other) > endOf(best) ? other : best),
      undefined,
    );
}
