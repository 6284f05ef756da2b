import { setImmediate } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { KnownDevice, KnownFleet, RolloutPlan } from '../advice/rollout-plan.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import { countBatch } from './rollout-count.ts';
import { figuresOf, setAside } from './rollout-figures.ts';
import type { FleetRollouts } from './rollout-types.ts';
import type { FleetTables } from './tables.ts';

/** Milliseconds after which a device that is silent is no longer counted as one of a site. */
const recent = 90 * 86_400_000;

/** Runs what uses the database, and turns what it throws into sentences. */
type Told = <Result>(action: () => Promise<Result>) => Promise<Result>;

/** What the fleet database keeps about rollouts. */
export function fleetRollouts(database: Kysely<FleetTables>, told: Told): FleetRollouts {
  return {
    find: (stream) =>
      told(async () => {
        const row = await database
          .selectFrom('rollouts')
          .leftJoin('rollout_plans', 'rollout_plans.salt', 'rollouts.salt')
          .select(['rollouts.salt', 'rollouts.build', 'rollout_plans.plan'])
          .where('rollouts.stream', '=', stream)
          .executeTakeFirst();
        if (row === undefined) return undefined;
        const { salt, build, plan } = row;
        return { stream, salt, build, ...(plan === null ? {} : { plan: JSON.parse(plan) as RolloutPlan }) };
      }),
    plan: ({ salt, stream, plan, now }) =>
      told(async () => {
        const row = { salt, stream, plan: JSON.stringify(plan), made: now };
        await database.insertInto('rollout_plans').values(row).execute();
      }),
    begin: (rollout, { began }) =>
      told(() => database.transaction().execute((transaction) => begin(transaction, rollout, began))),
    async count(stream, signal) {
      let all = 0;
      for (;;) {
        throwIfCancelled(signal);
        const counted = await told(() =>
          database.transaction().execute((transaction) => countBatch(transaction, stream)),
        );
        if (counted === 0) return all;
        all += counted;
        await setImmediate();
      }
    },
    figures: (stream, rule) => told(() => figuresOf(database, stream, rule)),
    noteHalt: (stream, halted, rule) =>
      told(() =>
        database.transaction().execute(async (transaction) => {
          const row = await transaction
            .selectFrom('rollouts')
            .select('halted')
            .where('stream', '=', stream)
            .executeTakeFirst();
          if (row === undefined || (row.halted === 1) === halted) return false;
          if (!halted) await setAside(transaction, stream, rule);
          await transaction
            .updateTable('rollouts')
            .set({ halted: halted ? 1 : 0 })
            .where('stream', '=', stream)
            .execute();
          return true;
        }),
      ),
    known: (stream, now) => known(database, told, { stream, now }),
  };
}

async function begin(
  database: Kysely<FleetTables>,
  { stream, salt, build }: Parameters<FleetRollouts['begin']>[0],
  began: number,
): Promise<void> {
  await database.deleteFrom('rollout_devices').where('stream', '=', stream).execute();
  await database.deleteFrom('rollout_days').where('stream', '=', stream).execute();
  const { before } = await database
    .selectFrom('reports')
    .select(({ fn }) => fn.max('number').as('before'))
    .where('received', '<', began)
    .executeTakeFirstOrThrow();
  const row = { salt, build, halted: 0, position: Number(before ?? 0) };
  await database
    .insertInto('rollouts')
    .values({ stream, ...row })
    .onConflict((conflict) => conflict.column('stream').doUpdateSet(row))
    .execute();
}

/** Devices that are read in one step. */
const pageLength = 1000;

/** A few at a time, for the database is read by the thread that also serves. */
async function known(
  database: Kysely<FleetTables>,
  told: Told,
  { stream, now }: { readonly stream: string; readonly now: number },
): Promise<KnownFleet> {
  const devices: KnownDevice[] = [];
  for (let after = ''; ; await setImmediate()) {
    const rows = await told(() => pageOfDevices(database, { stream, now, after }));
    for (const { id, serial, site, device, well } of rows)
      devices.push({ identity: serial ?? id, site, took: device !== null, well: well === 1 });
    if (rows.length < pageLength) break;
    after = rows.at(-1)?.id ?? '';
  }
  const sites = await told(() => database.selectFrom('sites').select(['id', 'name', 'parent']).execute());
  return { devices, sites };
}

function pageOfDevices(
  database: Kysely<FleetTables>,
  { stream, now, after }: { readonly stream: string; readonly now: number; readonly after: string },
) {
  return database
    .selectFrom('devices')
    .leftJoin('rollout_devices', (join) =>
      join.onRef('rollout_devices.device', '=', 'devices.id').on('rollout_devices.stream', '=', stream),
    )
    .select([
      'devices.id',
      'devices.serial',
      'devices.site',
      'rollout_devices.device',
      'rollout_devices.well',
    ])
    .where('devices.id', '>', after)
    .where('devices.last_seen', '>', now - recent)
    .where((where) => where.or([where('devices.stream', 'is', null), where('devices.stream', '=', stream)]))
    .orderBy('devices.id')
    .limit(pageLength)
    .execute();
}
