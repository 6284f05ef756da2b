import { Kysely } from 'kysely';
import type { Report } from '../device/report.ts';
import { fleetEnrolment } from './enrol.ts';
import { fleetDatabase } from './layout.ts';
import { fleetMarks } from './marks.ts';
import { migrate } from './migrations.ts';
import { markForwarded, pendingReports } from './outbox.ts';
import { findDevices, listDevices, listLeaseRequests, listSites, summarise } from './overview.ts';
import { removeOldReports } from './retention.ts';
import { refuseSites } from './revoked.ts';
import { fleetRollouts } from './rollouts.ts';
import { explain, openSqlite } from './sqlite.ts';
import { storeReports } from './store-reports.ts';
import type { FleetTables } from './tables.ts';
import {
  createToken,
  defaultTokenLife,
  listTokens,
  redeemToken,
  rememberSite,
  revokeToken,
  siteOfCredential,
} from './tokens.ts';
import type { Fleet, FleetOptions, ReportsFrom, Stored } from './types.ts';

export type {
  Fleet,
  FleetDevice,
  FleetOptions,
  FleetSite,
  FleetSummary,
  LeaseRequest,
  PendingReports,
  ReportsFrom,
  SiteToken,
  Stored,
} from './types.ts';

/** Milliseconds between two looks for reports that are too old. */
const removalPause = 86_400_000;

/** Reports that came at the same moment, to be stored together: being sure that they are on disk costs most. */
type Arrival = {
  readonly reports: readonly Report[];
  readonly from: ReportsFrom;
  readonly done: PromiseWithResolvers<Stored>;
};

/**
 * Opens the fleet database of a repository; makes it when there is none. Throws `fleet-damaged`, `fleet-newer`,
 * `fleet-busy`, `fleet-full`, `fleet-not-usable`, `permission-denied`.
 */
export async function openFleet(repository: string, { clock, limit }: FleetOptions): Promise<Fleet> {
  const path = fleetDatabase(repository);
  const sqlite = openSqlite(path, { limit });
  const database = new Kysely<FleetTables>({ dialect: sqlite.dialect });
  const told = async <Result>(action: () => Promise<Result>): Promise<Result> => {
    try {
      return await action();
    } catch (error) {
      throw explain(error, path);
    }
  };
  try {
    await told(() => migrate(database, { path, clock }));
  } catch (error) {
    sqlite.close();
    throw error;
  }

  let arrivals: Arrival[] = [];
  let storing: Promise<void> = Promise.resolve();
  let removed = Number.NEGATIVE_INFINITY;
  const removeOld = () => removeOldReports(database, clock());
  const storeArrivals = async () => {
    const taken = arrivals;
    arrivals = [];
    try {
      const now = clock();
      const stored = await told(() =>
        database.transaction().execute(async (transaction) => {
          const counts: Stored[] = [];
          for (const { reports, from } of taken)
            counts.push(await storeReports(transaction, { reports, from, now }));
          return counts;
        }),
      );
      for (const [at, { done }] of taken.entries()) done.resolve(stored[at] as Stored);
    } catch (error) {
      for (const { done } of taken) done.reject(error);
      return;
    }
    if (Math.abs(clock() - removed) < removalPause) return;
    removed = clock();
    // What could not be removed now is removed the next day.
    await removeOld().catch(() => undefined);
  };

  return {
    storeReports(reports, from = {}) {
      const done = Promise.withResolvers<Stored>();
      arrivals.push({ reports, from, done });
      if (arrivals.length === 1)
        storing = storing.then(() => new Promise((resolve) => setImmediate(resolve))).then(storeArrivals);
      return done.promise;
    },
    devices: (choice = {}) => told(() => listDevices(database, choice)),
    findDevices: (name) => told(() => findDevices(database, name)),
    sites: () => told(() => listSites(database)),
    leaseRequests: () => told(() => listLeaseRequests(database, clock())),
    summary: () => told(() => summarise(database, clock())),
    createToken: ({ note, expires } = {}) =>
      told(() =>
        createToken(database, { note, expires: expires ?? clock() + defaultTokenLife, now: clock() }),
      ),
    tokens: () => told(() => listTokens(database, clock())),
    redeemToken: (token, site) =>
      told(() =>
        database
          .transaction()
          .execute((transaction) => redeemToken(transaction, { token, site, now: clock() })),
      ),
    revokeToken: (id) =>
      told(() =>
        database.transaction().execute((transaction) => revokeToken(transaction, { id, now: clock() })),
      ),
    rememberSite: (site, { credential }) =>
      told(() => rememberSite(database, { site, credential, token: null, now: clock() })),
    refuseSites: (ids, { before }) => told(() => refuseSites(database, { ids, before })),
    siteOfCredential: (credential) => told(() => siteOfCredential(database, credential)),
    pendingForUpstream: (choice) => told(() => pendingReports(database, choice)),
    markForwarded: (ids) => told(() => markForwarded(database, { ids, now: clock() })),
    marks: fleetMarks(database, { told, clock }),
    rollouts: fleetRollouts(database, told),
    enrolment: fleetEnrolment(database, told, clock),
    removeOld: () => told(removeOld),
    async close() {
      await storing;
      await database.destroy();
      sqlite.close();
    },
  };
}
