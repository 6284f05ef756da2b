import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { laptopTime } from '../lease/laptop.ts';
import { tryLock } from '../os/file-lock.ts';
import { openTimeFloor } from '../trust/floor.ts';
import {
  day,
  keys,
  leaseUntil,
  mine,
  other,
  type TestLaptop,
  testLaptop,
  testServer,
} from './agent.fixture.ts';
import { agentLayout, makeAgentFolder } from './layout.ts';
import { runRound } from './round.ts';
import { tick } from './schedule.ts';
import { defaultSettings, writeAgentSettings } from './settings.ts';
import { readAgentState } from './state.ts';

const hour = 3_600_000;

/** A laptop whose server knows the time and gives leases of 21 days. */
async function scene(context: TestContext) {
  const server = await testServer(context);
  const laptop = testLaptop(context, { server: server.url });
  const files = agentLayout(laptop.layout);
  writeAgentSettings(files, { ...defaultSettings, notify: 'off' });
  /** The true time, whatever the laptop believes. */
  const world = { time: laptop.clock };
  server.answer = async () => ({
    time: laptopTime(world.time),
    lease: await leaseUntil(world.time + 21 * day),
  });
  const lease = () => readFileSync(files.lease, 'latin1');
  const notice = () => (existsSync(files.notice) ? readFileSync(files.notice, 'utf8') : undefined);
  const round = (force = false) => runRound(laptop.agent, { force });
  return { server, laptop, files, world, lease, notice, round };
}

const codes = ({ failures }: Awaited<ReturnType<typeof runRound>>) => failures.map(({ code }) => code);

const floorOf = ({ layout, agent }: TestLaptop) => openTimeFloor(join(layout.trust, 'floor'), agent.clock);

test('the first round asks, reports what laptops report, and stores the lease', async (context) => {
  const { server, laptop, lease, round } = await scene(context);
  laptop.write('security/update-stream', 'testing\n');
  const result = await round();
  assert.deepEqual(codes(result), []);
  assert.deepEqual([result.asked, result.because, result.lease], [true, 'first', 'stored']);
  assert.equal(result.leaseEnds, new Date(laptop.clock + 21 * day).toISOString());
  assert.match(lease(), /^act01: SHC00000001 K 20260323T080000Z sig01: sha256 [0-9a-f]{64} [0-9a-f]{512}\n$/);
  const [asked] = server.asked;
  assert.deepEqual([asked?.serial, asked?.stream], [mine.serial, 'testing']);
  assert.ok((asked?.freeSpace ?? 0) > 0);
  assert.match(asked?.nonce ?? '', /^SHC00000001\.[0-9a-f]{32}$/);
});

test('rounds come as often as they like, and one question is asked a day', async (context) => {
  const { server, laptop, world, round } = await scene(context);
  for (let passed = 0; passed < 3 * day; passed += 8 * tick) {
    await round();
    laptop.on(8 * tick);
    world.time += 8 * tick;
  }
  assert.equal(server.asked.length, 3);
  assert.ok(server.asked[0]?.nonce !== server.asked[1]?.nonce);
});

test('a device that was off for months catches up with one question', async (context) => {
  const { server, laptop, world, lease, round } = await scene(context);
  await round();
  laptop.off(100 * day);
  world.time += 100 * day;
  const result = await round();
  assert.deepEqual([result.because, result.lease], ['lease', 'stored']);
  for (let times = 0; times < 20; times += 1) {
    laptop.on(tick);
    assert.equal((await round()).asked, false);
  }
  assert.equal(server.asked.length, 2);
  assert.ok(lease().includes(laptopTime(world.time + 21 * day)));
});

describe('an answer is believed', () => {
  test('only when this question was signed for by a key of the laptop', async (context) => {
    const { server, laptop, files, round } = await scene(context);
    const good = server.answer;
    const spoilt: readonly (readonly [() => void, string])[] = [
      [() => (server.key = keys.stranger), 'lease-key-unknown'],
      [
        () =>
          (server.spoil = (body) =>
            Buffer.from(body.toString('latin1').replace('"time":"2', '"time":"3'), 'latin1')),
        'lease-signature-wrong',
      ],
      [() => (server.spoil = () => Buffer.from('<html>404</html>')), 'oats-answer-invalid'],
      [() => (server.spoil = (body) => body.subarray(0, 100)), 'oats-answer-invalid'],
      [() => (server.answer = undefined), 'agent-server-refused'],
    ];
    await round(true);
    const before = readFileSync(files.lease);
    let kept: Buffer | undefined;
    server.spoil = (body) => {
      kept ??= Buffer.from(body);
      return kept;
    };
    await round(true);
    assert.deepEqual(codes(await round(true)), ['oats-answer-other'], 'a replayed one');
    for (const [spoil, code] of spoilt) {
      [server.key, server.answer, server.spoil] = [keys.server, good, (body) => body];
      spoil();
      assert.deepEqual(codes(await round(true)), [code]);
    }
    assert.deepEqual(readFileSync(files.lease), before);
    assert.equal(readAgentState(files).failures, spoilt.length + 1);
    assert.deepEqual(laptop.said, []);
  });

  test('without signature where /etc/oats-ignore-signature is, but not about time and theft', async (context) => {
    const { server, laptop, world, files, round } = await scene(context);
    laptop.write('etc/oats-ignore-signature', '');
    server.key = keys.stranger;
    world.time += 3 * 365 * day;
    const good = server.answer;
    assert.equal((await round(true)).lease, 'stored', 'the lease itself is signed by a key of the laptop');
    assert.deepEqual(
      laptop.said.map(({ code }) => code),
      ['agent-signature-ignored'],
    );
    assert.equal(floorOf(laptop).value(), 0);
    server.answer = async () => ({
      ...(await good?.(server.asked[0]!)),
      time: laptopTime(world.time),
      stolen: true,
    });
    assert.equal((await round(true)).stolen, false);
    assert.equal(existsSync(files.lease), true);
  });
});

describe('the time', () => {
  test('a laptop whose clock stands in 1970 gets its lease, learns the time, and keeps it over boots', async (context) => {
    const { laptop, world, round } = await scene(context);
    laptop.clock = 0;
    const result = await round();
    assert.deepEqual([codes(result), result.lease], [[], 'stored']);
    assert.equal(floorOf(laptop).now(), world.time);
    for (let boot = 0; boot < 3; boot += 1) {
      laptop.off(0);
      laptop.clock = 0;
      assert.equal(floorOf(laptop).now(), world.time);
      world.time += 12 * day;
      assert.equal((await round()).because, 'clock');
      assert.equal(floorOf(laptop).now(), world.time, 'each answer brings it forward');
      laptop.on(tick);
      assert.equal((await round()).asked, false, 'once a boot');
    }
  });

  test('a clock that is behind is set where the operator wants it, and one that is ahead is not', async (context) => {
    const { laptop, world, files, round } = await scene(context);
    const set: number[] = [];
    const agent = { ...laptop.agent, setClock: async (time: number) => void set.push(time) };
    await round(true);
    laptop.clock = 0;
    await runRound(agent, { force: true });
    assert.deepEqual(set, []);
    writeAgentSettings(files, { ...defaultSettings, notify: 'off', setClock: true });
    await runRound(agent, { force: true });
    laptop.clock = world.time + 400 * day;
    await runRound(agent, { force: true });
    assert.deepEqual(set, [world.time]);
  });

  test('a laptop whose clock stands in 2106 stores a lease that ends before', async (context) => {
    const { laptop, world, lease, round } = await scene(context);
    laptop.clock = Date.UTC(2106, 1, 7);
    const result = await round();
    assert.deepEqual([codes(result), result.lease], [[], 'stored']);
    assert.ok(lease().includes(laptopTime(world.time + 21 * day)));
  });

  test('a server whose clock is far ahead moves it by 400 days a time at most, and never back', async (context) => {
    const { laptop, world, round } = await scene(context);
    await round(true);
    const first = world.time;
    world.time = Date.UTC(2099, 0, 1);
    await round(true);
    assert.equal(floorOf(laptop).value(), first + 400 * day);
    world.time = first - 1000 * day;
    await round(true);
    assert.equal(floorOf(laptop).value(), first + 400 * day);
  });
});

describe('a stolen laptop', () => {
  test('loses its lease by a signed word, and has it again when it is recovered', async (context) => {
    const { server, laptop, world, files, lease, notice, round } = await scene(context);
    const good = server.answer;
    await round(true);
    const before = lease();
    server.answer = async () => ({ time: laptopTime(world.time), stolen: true });
    const result = await round(true);
    assert.deepEqual([result.stolen, existsSync(files.lease)], [true, false]);
    assert.equal(readFileSync(files.leaseAside, 'latin1'), before);
    assert.match(notice() ?? '', /marked as stolen.*bring it to your school/);
    // A server that is away, or has nothing to say, changes nothing.
    server.answer = undefined;
    assert.equal((await round(true)).stolen, true);
    server.answer = async () => ({ time: laptopTime(world.time) });
    laptop.on(day);
    world.time += day;
    assert.equal((await round(true)).stolen, true);
    assert.equal(existsSync(files.lease), false);
    server.answer = async () => ({
      time: laptopTime(world.time),
      lease: await leaseUntil(world.time + 21 * day, { of: other }),
    });
    assert.equal((await round(true)).stolen, true, 'asked under the number of another');
    server.answer = good;
    world.time += day;
    assert.equal((await round(true)).stolen, false);
    assert.deepEqual([existsSync(files.leaseAside), notice()], [false, undefined]);
    assert.ok(lease().length > 0);
  });

  for (const stolen of [true, false])
    test(`is believed after a server of 2106 has said that it is ${stolen ? '' : 'not '}stolen`, async (context) => {
      const { server, world, round } = await scene(context);
      const good = server.answer;
      const marked: typeof good = async () => ({ time: laptopTime(world.time), stolen: true });
      await round(true);
      const late = Date.UTC(2106, 1, 8);
      server.answer = async () =>
        stolen
          ? { time: laptopTime(late), stolen }
          : { time: laptopTime(late), lease: await leaseUntil(late + day) };
      assert.equal((await round(true)).stolen, stolen);
      world.time += day;
      server.answer = stolen ? good : marked;
      assert.equal((await round(true)).stolen, !stolen);
    });

  test('stays without, when a power cut came between the word and the deed', async (context) => {
    const { server, world, files, round } = await scene(context);
    await round(true);
    const before = readFileSync(files.lease);
    server.answer = async () => ({ time: laptopTime(world.time), stolen: true });
    await round(true);
    writeFileSync(files.lease, before);
    assert.equal((await round()).stolen, true);
    assert.equal(existsSync(files.lease), false);
  });
});

describe('the person at the laptop', () => {
  test('is warned in plain words days before the lease ends, in the file for the desktop', async (context) => {
    const { server, laptop, world, notice, round } = await scene(context);
    await round();
    server.answer = undefined;
    const said: (string | undefined)[] = [];
    for (let passed = 0; passed < 23; passed += 1) {
      laptop.on(day);
      world.time += day;
      await round();
      said.push(notice());
    }
    assert.equal(said[14], undefined);
    assert.match(said[16] ?? '', /ends in 4 days, on 2026-03-23\..*network of your school/);
    assert.match(said[19] ?? '', /ends very soon, on 2026-03-23/);
    assert.match(said[21] ?? '', /has ended, on 2026-03-23/);
  });

  test('is told once a day by the program that is set, and not in a lesson', async (context) => {
    const { laptop, files, round } = await scene(context);
    const log = join(laptop.layout.root, 'log');
    laptop.write('hook', `#!/bin/sh\n{ printf '%s: ' "$SATCHEL_NOTICE"; cat; } >> '${log}'\n`);
    const hook = join(laptop.layout.root, 'hook');
    chmodSync(hook, 0o755);
    writeAgentSettings(files, { ...defaultSettings, notify: hook });
    laptop.write('security/lease.sig', await leaseUntil(laptop.clock + 3 * day));
    laptop.write('etc/oats-server', '127.0.0.1:1');
    laptop.write('run/satchel/inhibit', 'mathematics\n');
    await round();
    assert.equal(existsSync(log), false);
    rmSync(join(laptop.layout.root, 'run/satchel/inhibit'));
    for (let times = 0; times < 4; times += 1) {
      await round();
      laptop.on(hour);
    }
    assert.match(readFileSync(log, 'utf8'), /^agent-lease-ends: The permission of this computer[^\n]*\n$/);
    laptop.on(day);
    await round();
    assert.equal(readFileSync(log, 'utf8').split('\n').length, 3);
  });
});

test('a challenge is answered with work', async (context) => {
  const { server, round } = await scene(context);
  server.challenge = 'OLPC-hashcash bits="8", nonce="abc"';
  const result = await round();
  assert.deepEqual([codes(result), result.lease], [[], 'stored']);
  assert.match(server.stamps[0] ?? '', /^OLPC-hashcash hc="1:8:\d{6}:abc::/);
});

test('a machine without serial number or without keys asks nobody', async (context) => {
  const { server, laptop, round } = await scene(context);
  rmSync(join(laptop.layout.root, 'ofw/mfg-data/t1'));
  await round(true);
  laptop.write('ofw/mfg-data/t1', keys.server.der);
  laptop.write('ofw/mfg-data/SN', 'To be filled by O.E.M.');
  await round(true);
  assert.deepEqual(server.asked, []);
});

test('two agents do not get in each other’s way', async (context) => {
  const { files, round } = await scene(context);
  makeAgentFolder(files);
  using lock = tryLock(files.lock);
  assert.ok(lock);
  await assert.rejects(round(), (error) => isSatchelError(error, 'agent-running'));
});

test('damaged memory counts as none, wrong settings are said', async (context) => {
  const { server, files, round } = await scene(context);
  await round();
  writeFileSync(files.state, '{"format":1,"failures":"many"');
  assert.equal((await round()).because, 'lease');
  assert.equal(server.asked.length, 2);
  writeFileSync(files.settings, '{"satchel":"agent-settings","format":1,"battery":400}');
  await assert.rejects(round(), (error) => isSatchelError(error, 'record-invalid'));
  writeFileSync(files.settings, '{"satchel":"agent-settings","format":1,"fetchHours":"25:00-26:00"}');
  await assert.rejects(round(), (error) => isSatchelError(error, 'site-hours-not-understood'));
});
