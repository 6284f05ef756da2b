import { setImmediate } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { isSilent, type RolloutFigures, type SilenceRule, type SiteDay } from '../advice/rollout-health.ts';
import type { CalendarDay } from '../lease/calendar.ts';
import type { FleetTables } from './tables.ts';

/** Devices that are read or changed in one statement. */
const chunkLength = 1000;

/** Milliseconds after which nobody waits for a device any more: it went with a pupil who left. */
const alive = 30 * 86_400_000;

/** The rollout of a stream in figures, by what was counted so far. */
export async function figuresOf(
  database: Kysely<FleetTables>,
  stream: string,
  rule: SilenceRule,
): Promise<RolloutFigures> {
  const row = await database
    .selectFrom('rollout_devices')
    .select(({ fn }) => [
      fn.countAll<number>().as('tried'),
      fn.count<number>('took').as('took'),
      fn.sum<number | null>('well').as('well'),
      fn.count<number>('harm').as('failed'),
      fn.count<number>('harm').filterWhere('harm', '<>', 'failed').as('left'),
    ])
    .where('stream', '=', stream)
    .where('excused', '=', 0)
    .where((where) => where.or([where('took', 'is not', null), where('harm', 'is not', null)]))
    .executeTakeFirstOrThrow();
  const { due } = await database
    .selectFrom('rollout_devices')
    .select(({ fn }) => fn.countAll<number>().as('due'))
    .where('stream', '=', stream)
    .where('excused', '=', 0)
    .where('took', '<=', rule.now - rule.silentAfter * 1000)
    .executeTakeFirstOrThrow();
  const silent = await silentDevices(database, stream, rule);
  const number = (value: number | null) => Number(value ?? 0);
  return {
    tried: number(row.tried),
    took: number(row.took),
    well: number(row.well),
    failed: number(row.failed),
    left: number(row.left),
    silent: silent.length,
    due: number(due),
  };
}

/** From now on nothing is made of the harm and the silence of before. */
export async function setAside(
  database: Kysely<FleetTables>,
  stream: string,
  rule: SilenceRule,
): Promise<void> {
  const silent = await silentDevices(database, stream, rule);
  const excuse = () =>
    database.updateTable('rollout_devices').set({ excused: 1 }).where('stream', '=', stream);
  await excuse().where('harm', 'is not', null).execute();
  for (let start = 0; start < silent.length; start += chunkLength)
    await excuse()
      .where('device', 'in', silent.slice(start, start + chunkLength))
      .execute();
}

/** Ids of the devices that took the build and were not heard again although they could have been. */
async function silentDevices(
  database: Kysely<FleetTables>,
  stream: string,
  rule: SilenceRule,
): Promise<string[]> {
  const { first } = await waitingDevices(database, stream, rule)
    .select(({ fn }) => fn.min<number | null>('heard').as('first'))
    .executeTakeFirstOrThrow();
  if (first === null) return [];
  const days = await daysOf(database, stream, first);
  const leaders = await sitesWithOthers(database, stream, rule.now);
  const silent: string[] = [];
  // A whole fleet may wait after holidays, and the thread that counts it serves as well.
  for (let after = ''; ; await setImmediate()) {
    const page = await waitingDevices(database, stream, rule)
      .select(['device', 'site', 'sequence', 'heard'])
      .where('device', '>', after)
      .orderBy('device')
      .limit(chunkLength)
      .execute();
    for (const { device, site, sequence, heard } of page) {
      const known = { sequence, heard, took: heard, well: false, harm: null };
      const place = { days: days.get(site ?? '') ?? [], allTook: !leaders.has(site ?? '') };
      if (isSilent(known, place, rule)) silent.push(device);
    }
    if (page.length < chunkLength) return silent;
    after = page.at(-1)?.device ?? '';
  }
}

/** Devices that took the build and have told nothing since. */
function waitingDevices(database: Kysely<FleetTables>, stream: string, rule: SilenceRule) {
  return (
    database
      .selectFrom('rollout_devices')
      .where('stream', '=', stream)
      .where('excused', '=', 0)
      .where('took', 'is not', null)
      .where('well', '=', 0)
      .where('harm', 'is', null)
      // Whoever was heard a moment ago cannot be silent, and most were.
      .where('heard', '<', rule.now - rule.silentAfter * 1000)
  );
}

async function daysOf(
  database: Kysely<FleetTables>,
  stream: string,
  since: number,
): Promise<Map<string, SiteDay[]>> {
  const rows = await database
    .selectFrom('rollout_days')
    .select(['site', 'day', 'devices', 'self'])
    .where('stream', '=', stream)
    .where('day', '>=', new Date(since).toISOString().slice(0, 10))
    .execute();
  const days = new Map<string, SiteDay[]>();
  for (const { site, day, devices, self } of rows) {
    const entry = { date: day as CalendarDay, devices: devices === 1, site: self === 1 };
    const known = days.get(site);
    if (known === undefined) days.set(site, [entry]);
    else known.push(entry);
  }
  return days;
}

/** Sites with a device that has not taken the build, and so could tell that the site is alive. */
async function sitesWithOthers(
  database: Kysely<FleetTables>,
  stream: string,
  now: number,
): Promise<ReadonlySet<string>> {
  const rows = await database
    .selectFrom('devices')
    .select('site')
    .distinct()
    .where('last_seen', '>', now - alive)
    .where(({ not, exists, selectFrom, lit }) =>
      not(
        exists(
          selectFrom('rollout_devices')
            .select(lit(1).as('one'))
            .where('rollout_devices.stream', '=', stream)
            .whereRef('rollout_devices.device', '=', 'devices.id')
            .where('rollout_devices.took', 'is not', null),
        ),
      ),
    )
    .execute();
  return new Set(rows.map(({ site }) => site ?? ''));
}
