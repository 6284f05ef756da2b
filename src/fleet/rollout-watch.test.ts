/** The origin looks after rollouts: from stored reports to a halt, and what it signs again. */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { haltStream, resumeStream } from '../advice/halt.ts';
import { makeRollout, newSalt, type RolloutPlan } from '../advice/rollout-plan.ts';
import { startRollout } from '../advice/rollout-start.ts';
import type { MessageCode } from '../base/catalogue.ts';
import { streamName } from '../base/identifiers.ts';
import type { DeviceReport, Report } from '../device/report.ts';
import { deviceNumber, isInDeviceSet, parseDeviceSet } from '../repository/device-set.ts';
import { emptyRepository } from '../repository/repository.fixture.ts';
import { openFleet } from './fleet.ts';
import { fleetDatabase } from './layout.ts';
import { deviceReport, siteReport } from './reports.testkit.ts';
import { watchRollouts } from './rollout-watch.ts';

const stable = streamName('stable');
const school = 'a'.repeat(16);
const day = 86_400_000;
const steps = [
  { share: 100, after: 0 },
  { share: 10_000, after: 10 * 86_400 },
];
const automatic = { failed: 1000, silent: 2000, atLeast: 5, silentAfter: 3 * 86_400 };

/** An origin with one build given to everybody and one that a rollout leads to, and a clock that a test moves. */
async function scene(context: TestContext, plan: RolloutPlan = { steps, automatic }) {
  const fixture = await emptyRepository(context);
  const scratch = scratchFolder('rollout-watch');
  context.after(() => scratch.remove());
  const time = { now: Date.parse('2026-03-02T08:00:00Z') };
  const clock = () => time.now;
  const said: MessageCode[] = [];
  const reporter = { progress() {}, notice: (code: MessageCode) => said.push(code) };
  const publishing = { ...fixture.context, clock, reporter };
  await fixture.publish('one', { file: 'one' }, { clock });
  await fixture.publish('two', { file: 'two' }, { clock });
  const fleet = await openFleet(scratch.file('repo'), { clock });
  context.after(() => fleet.close());
  const sequences = new Map<string, number>();
  const start = async (changed: RolloutPlan = plan) => {
    const salt = newSalt();
    const known = await fleet.rollouts.known(stable, time.now);
    await fleet.rollouts.plan({ salt, stream: stable, plan: changed, now: time.now });
    const rollout = (began: number) => makeRollout(changed, { salt, began, fleet: known });
    await startRollout(publishing, { stream: stable, rollout });
    return salt;
  };
  return {
    ...{ time, fleet, said, publishing, start },
    file: fleetDatabase(scratch.file('repo')),
    /** What a device tells now by way of the school. */
    tell: async (number: number, changes: Partial<DeviceReport> = {}, site: string | undefined = school) => {
      const device = number.toString(16).padStart(32, '0');
      const sequence = (sequences.get(device) ?? 0) + 1;
      sequences.set(device, sequence);
      const serial = `CSN${String(number).padStart(8, '0')}`;
      const reports: Report[] = [
        deviceReport({ device, serial, sequence, running: 'one', stream: 'stable', ...changes }),
      ];
      await fleet.storeReports(reports, { site });
    },
    tellSite: () => fleet.storeReports([siteReport({ site: school })], { site: school }),
    watch: async () => {
      const { rollouts, signed } = await watchRollouts(publishing, fleet.rollouts);
      return { ...rollouts[0], signed };
    },
    record: async () => (await fixture.catalog()).stream(stable),
    version: async () => (await fixture.catalog()).metadata.timestamp.signed.version,
  };
}

const result = (what: 'done' | 'failed' | 'later', code?: string): Partial<DeviceReport> => ({
  event: 'update',
  result: {
    ...{ build: 'two', from: 'one', result: what, bytesReceived: 1, requests: 1, seconds: 1 },
    ...(code === undefined ? {} : { code }),
  },
});

test('failures above the limit halt the stream, and whoever goes on has seen them', async (context) => {
  const { start, tell, watch, record, publishing, said, time } = await scene(context);
  await start();
  for (let number = 0; number < 6; number += 1) await tell(number, result('done'));
  assert.deepEqual((await watch()).figures, {
    tried: 6,
    took: 6,
    well: 0,
    failed: 0,
    left: 0,
    silent: 0,
    due: 0,
  });
  for (let number = 0; number < 5; number += 1) await tell(number, { running: 'two' });
  await tell(6, result('failed', 'store-unreachable'));
  await tell(7, result('later'));
  assert.deepEqual((await watch()).figures, {
    tried: 6,
    took: 6,
    well: 5,
    failed: 0,
    left: 0,
    silent: 0,
    due: 0,
  });
  await tell(8, result('failed', 'tree-damaged'));
  await tell(0, { running: 'one' });
  const watched = await watch();
  assert.deepEqual(watched.figures, { tried: 7, took: 6, well: 4, failed: 2, left: 1, silent: 0, due: 0 });
  assert.match(watched.halted ?? '', /^Halted by itself: .*two.*/);
  const { halted, rollout } = await record();
  assert.equal(halted?.reason, watched.halted);
  assert.deepEqual(said, ['rollout-halted-by-itself']);
  assert.equal((await watch()).halted, undefined, 'once is enough');
  time.now += 3_600_000;
  await resumeStream(publishing, stable);
  assert.equal(Date.parse((await record()).rollout!.began) - Date.parse(rollout!.began), 3_600_000);
  assert.deepEqual((await watch()).figures, {
    tried: 5,
    took: 5,
    well: 4,
    failed: 0,
    left: 0,
    silent: 0,
    due: 0,
  });
  assert.equal((await record()).halted, undefined);
});

test('who is not heard again halts it, unless nobody was', async (context) => {
  for (const isAlive of [true, false]) {
    const { start, tell, tellSite, watch, time, record } = await scene(context);
    await start();
    await tell(99);
    for (let number = 0; number < 10; number += 1) await tell(number, result('done'));
    for (let days = 0; days < 4; days += 1) {
      time.now += day;
      // The site itself has power, but nobody is at school.
      await tellSite();
      if (isAlive) await tell(99);
      for (let number = 0; isAlive && number < 5; number += 1) await tell(number, { running: 'two' });
    }
    const { figures, halted } = await watch();
    assert.deepEqual(
      figures,
      isAlive
        ? { tried: 10, took: 10, well: 5, failed: 0, left: 0, silent: 5, due: 10 }
        : { tried: 10, took: 10, well: 0, failed: 0, left: 0, silent: 0, due: 10 },
    );
    assert.equal(halted !== undefined, isAlive);
    assert.equal((await record()).halted !== undefined, isAlive);
  }
});

test('holidays of the plan count for nobody', async (context) => {
  const free = { holidays: [], weekend: ['tue', 'wed', 'thu'] as const };
  const { start, tell, watch, time } = await scene(context, { steps, automatic, free });
  await start();
  for (let number = 0; number < 10; number += 1) await tell(number, result('done'));
  for (let days = 0; days < 4; days += 1) {
    time.now += day;
    await tell(99);
  }
  assert.equal((await watch()).figures?.silent, 0);
});

test('reports that were forwarded late are counted for the day on which the site had them', async (context) => {
  const { start, fleet, watch, time } = await scene(context);
  await start();
  const began = time.now;
  const told = (device: string, days: number, changes: Partial<DeviceReport>) =>
    deviceReport({
      ...{ device: device.repeat(32), sequence: days + 1, stream: 'stable', running: 'one' },
      received: `${new Date(began + days * day).toISOString().slice(0, 19)}Z`,
      ...changes,
    });
  const reports: Report[] = ['1', '2', '3', '4', '5'].map((device) => told(device, 0, result('done')));
  for (let days = 1; days < 6; days += 1) reports.push(told('9', days, {}));
  time.now += 20 * day;
  await fleet.storeReports(reports, { site: school });
  assert.equal((await watch()).figures?.silent, 5);
});

test('some of a school wait until its first ones are well', async (context) => {
  const plan = { steps, reserve: { devices: 2, until: 5 * 86_400 } };
  const { start, tell, watch, record, time } = await scene(context, plan);
  for (let number = 0; number < 6; number += 1) await tell(number);
  const salt = await start();
  const waiting = async () => parseDeviceSet((await record()).rollout?.reserved?.devices ?? '')?.length ?? 0;
  assert.equal(await waiting(), 2);
  const isReserved = (set: string, number: number) =>
    isInDeviceSet(set, deviceNumber(salt, `CSN${String(number).padStart(8, '0')}`));
  const set = (await record()).rollout!.reserved!.devices;
  const first = [0, 1, 2, 3, 4, 5].filter((number) => !isReserved(set, number));
  for (const number of first.slice(0, 2)) await tell(number, result('done'));
  assert.equal((await watch()).renewed, false);
  time.now += day;
  await tell(first[0]!, { running: 'two' });
  assert.equal((await watch()).renewed, false, 'one is not enough');
  await tell(first[1]!, { running: 'two' });
  assert.equal((await watch()).renewed, true);
  assert.equal(await waiting(), 0);
  await tell(77);
  assert.equal((await watch()).renewed, false);
});

test('a step that has come is signed, and only then', async (context) => {
  const { start, watch, time, version } = await scene(context);
  await start();
  const before = await version();
  time.now += 9 * day;
  assert.equal((await watch()).signed, false);
  assert.equal(await version(), before);
  time.now += day;
  assert.equal((await watch()).signed, true);
  assert.equal(await version(), before + 1);
  assert.equal((await watch()).signed, false);
});

test('an origin without a database of its fleet signs the steps all the same', async (context) => {
  const { start, publishing, time } = await scene(context);
  await start();
  time.now += 10 * day;
  assert.equal((await watchRollouts(publishing, undefined)).signed, true);
});

test('another rollout is counted from its beginning, and a stream that is halted stays halted', async (context) => {
  const { start, tell, watch, publishing, record, time } = await scene(context);
  await start();
  for (let number = 0; number < 10; number += 1) await tell(number, result('failed', 'tree-damaged'));
  time.now += 1000;
  await haltStream(publishing, stable, 'by hand');
  assert.equal((await watch()).halted, undefined);
  assert.equal((await record()).halted?.reason, 'by hand');
  time.now += 1000;
  await start();
  assert.deepEqual((await watch()).figures?.tried, 0);
});

test('what becomes of a stream while reports are counted is not halted for the build before', async (context) => {
  const { start, tell, watch, publishing, record, fleet, said } = await scene(context);
  const { figures } = fleet.rollouts;
  for (const meanwhile of [() => start(), () => haltStream(publishing, stable, 'by hand')]) {
    await start();
    for (let number = 0; number < 10; number += 1) await tell(number, result('failed', 'tree-damaged'));
    fleet.rollouts.figures = async (...asked) => {
      const found = await figures(...asked);
      await meanwhile();
      return found;
    };
    assert.equal((await watch()).halted, undefined);
    fleet.rollouts.figures = figures;
    assert.notEqual((await record()).halted?.reason.startsWith('Halted by itself'), true);
  }
  assert.deepEqual(said, []);
});

test('a whole fleet may be silent at once', async (context) => {
  const { start, tell, watch, time, file } = await scene(context);
  await start();
  await tell(1);
  await watch();
  time.now += 10 * day;
  const database = new DatabaseSync(file);
  database.exec(`
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 200000)
    INSERT INTO rollout_devices (stream, device, site, sequence, heard, took, well, harm, excused)
      SELECT 'stable', printf('%032x', n + 1000), '${school}', 1, ${time.now - 9 * day}, ${time.now - 9 * day}, 0, NULL, 0
      FROM numbers;
    INSERT INTO rollout_days (stream, site, day, devices, self)
      VALUES ${[4, 5, 6].map((number) => `('stable', '${school}', '2026-03-0${number}', 1, 0)`).join(', ')};
  `);
  database.close();
  const { figures, halted } = await watch();
  assert.equal(figures?.silent, 200_000);
  assert.match(halted ?? '', /200000/);
});
