import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repairTimes } from './clock-repair.ts';
import { largestRaise, openTimeFloor } from './floor.ts';
import { renewOffline } from './key-change.ts';
import { renewOnline } from './publisher.ts';
import { day } from './roles.ts';
import {
  freshClient,
  makeRepository,
  openClient,
  start,
  streamOf,
  temporaryDirectory,
} from './test-repository.ts';

const far = Date.parse('2099-06-01T00:00:00Z');

test('the floor rises by issue times, never falls by them, and survives a restart', (t) => {
  const file = join(temporaryDirectory(t), 'floor');
  const clock = () => 0;
  const floor = openTimeFloor(file, clock);
  assert.equal(floor.now(), 0);
  floor.raise([{ witness: 'root', issued: start }]);
  floor.raise([{ witness: 'online', issued: start + day }]);
  floor.raise([{ witness: 'online', issued: start - day }]);
  const again = openTimeFloor(file, clock);
  assert.equal(again.value(), start + day);
  assert.equal(again.now(), start + day);
  assert.equal(again.clockBehind(), start + day);
});

test('the clock counts when it is later than the floor', (t) => {
  const floor = openTimeFloor(join(temporaryDirectory(t), 'floor'), () => start + 5 * day);
  floor.raise([{ witness: 'root', issued: start }]);
  assert.equal(floor.now(), start + 5 * day);
  assert.equal(floor.clockBehind(), 0);
});

test('one signer raises the floor by 400 days beyond the others at most, however often', (t) => {
  const floor = openTimeFloor(join(temporaryDirectory(t), 'floor'), () => 0);
  floor.raise([
    { witness: 'root', issued: start },
    { witness: 'builds', issued: start + 30 * day },
  ]);
  for (let count = 0; count < 3; count += 1) floor.raise([{ witness: 'online', issued: far + count * day }]);
  assert.equal(floor.value(), start + 30 * day + largestRaise);
});

test('two signers who share one wrong clock do not support each other', (t) => {
  const floor = openTimeFloor(join(temporaryDirectory(t), 'floor'), () => 0);
  floor.raise([{ witness: 'root', issued: start }]);
  floor.raise([
    { witness: 'builds', issued: far },
    { witness: 'online', issued: far },
  ]);
  assert.equal(floor.value(), start + largestRaise);
});

test('a lost floor does not make one signer believable', (t) => {
  const floor = openTimeFloor(join(temporaryDirectory(t), 'floor'), () => 0);
  floor.raise([{ witness: 'online', issued: far }], { held: [{ witness: 'root', issued: start }] });
  assert.equal(floor.value(), start + largestRaise);
});

test('the floor stays below the end of what is signed offline', (t) => {
  const floor = openTimeFloor(join(temporaryDirectory(t), 'floor'), () => 0);
  const notBeyond = start + 100 * day;
  floor.raise([{ witness: 'online', issued: far }], {
    held: [{ witness: 'root', issued: start }],
    notBeyond,
  });
  assert.ok(floor.value() < notBeyond);
});

test('a root lowers the floor once', (t) => {
  const file = join(temporaryDirectory(t), 'floor');
  const floor = openTimeFloor(file, () => 0);
  floor.raise([{ witness: 'root', issued: far }]);
  floor.lower(2, start);
  assert.equal(floor.value(), start);
  floor.raise([{ witness: 'online', issued: start + 10 * day }]);
  openTimeFloor(file, () => 0).lower(2, start);
  assert.equal(openTimeFloor(file, () => 0).value(), start + 10 * day);
});

test('a damaged floor blocks nothing and rises again', (t) => {
  const file = join(temporaryDirectory(t), 'floor');
  for (const rubbish of ['', '{', 'null', '{"floor":"never"}', '{"floor":5,"evidence":[],"loweredBy":0}']) {
    writeFileSync(file, rubbish);
    const floor = openTimeFloor(file, () => 0);
    assert.equal(floor.value(), 0);
    floor.raise([{ witness: 'root', issued: start }]);
    assert.equal(openTimeFloor(file, () => 0).value(), start);
  }
});

test('a device whose clock says 1970 works, says so once a refresh, and remembers the time it has seen', async (t) => {
  const repository = await makeRepository();
  const client = await freshClient(t, repository, { clock: () => 0 });
  assert.equal(await streamOf(client), 'stream a');
  assert.equal(client.floor.now(), start);
  assert.deepEqual(client.notices, ['clock-behind']);
  await repository.publish('b');
  await client.refresh();
  assert.equal(await streamOf(client), 'stream b');
});

test('at 1970 the seen issue times bring expiry to light', async (t) => {
  const repository = await makeRepository();
  const client = await freshClient(t, repository, { clock: () => 0 });
  repository.clock.now += 200 * day;
  const { context } = repository;
  await renewOffline(context, 'builds');
  const found = await client.refresh();
  assert.ok(found.now >= start + 200 * day);
  assert.deepEqual(found.expired, []);
});

test('at 1970 a role that must have run out is used, but not in silence', async (t) => {
  const repository = await makeRepository();
  const client = await freshClient(t, repository, { clock: () => 0 });
  repository.clock.now += 380 * day;
  await renewOffline(repository.context, 'builds');
  await client.refresh();
  assert.ok(client.notices.includes('expiry-doubtful'));
});

for (const device of [0, start + 170 * day])
  test(`an origin that published in 2099 locks out no device whose clock says ${new Date(device).getUTCFullYear()}`, async (t) => {
    const repository = await makeRepository();
    const early = await freshClient(t, repository, { clock: () => device });
    repository.clock.now = far;
    await repository.publish('b');
    await renewOnline(repository.context);
    await early.refresh();
    assert.equal(await streamOf(early), 'stream b');
    const newcomer = await freshClient(t, repository, { clock: () => device });

    // The origin's clock is set right again; nothing else is done.
    repository.clock.now = start + 170 * day;
    await renewOnline(repository.context);
    for (const [name, wait] of [
      ['c', 0],
      ['d', 100 * day],
    ] as const) {
      repository.clock.now += wait;
      await repository.publish(name);
      for (const client of [early, newcomer]) {
        await client.refresh();
        assert.equal(await streamOf(client), `stream ${name}`);
      }
    }
    // A year later the operator has renewed what he has to renew every year.
    repository.clock.now = start + 350 * day;
    await renewOffline(repository.context, 'targets');
    repository.clock.now = start + 500 * day;
    await repository.publish('e');
    for (const client of [early, newcomer]) {
      const directory = client.directory;
      const later = openClient(t, repository, {
        directory,
        clock: () => (device === 0 ? 0 : repository.clock.now),
      });
      await later.refresh();
      assert.equal(await streamOf(later), 'stream e');
    }
  });

test('a whole repository that was made in 2099 is repaired by one root that lowers the floor', async (t) => {
  const made = await makeRepository();
  const repository = { ...made };
  repository.clock.now = far;
  await renewOffline(repository.context, 'root');
  await renewOffline(repository.context, 'targets');
  await repository.publish('b');
  const client = await freshClient(t, repository, { clock: () => start + 10 * day });
  assert.ok(client.floor.value() > start + 10 * day);
  repository.clock.now = start + 10 * day;
  assert.equal((await repairTimes(repository.context)).outcome, 'published');
  assert.equal((await repairTimes(repository.context)).outcome, 'unchanged');
  await client.refresh();
  assert.ok(client.floor.value() <= start + 10 * day);
  repository.clock.now = start + 300 * day;
  await repository.publish('c');
  await client.refresh();
  assert.equal(await streamOf(client), 'stream c');
  assert.ok(client.floor.value() <= start + 300 * day);
});

test('the floor of a client is a file of its own, so that losing it loses no trust', async (t) => {
  const repository = await makeRepository();
  const { directory } = await freshClient(t, repository, { clock: () => 0 });
  const file = join(directory, 'floor');
  const before = readFileSync(file, 'utf8');
  writeFileSync(file, '');
  await openClient(t, repository, { directory, clock: () => 0 }).refresh();
  assert.equal(openTimeFloor(file, () => 0).value(), Date.parse(JSON.parse(before).floor));
});
