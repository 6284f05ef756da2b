/** Rounds in which the disk, the server or the surroundings do what they should not. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { OatsUpdate } from '../advice/oats-answer.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { buildName, type Sha256 } from '../base/identifiers.ts';
import { temporaryFolder } from '../device/device.fixture.ts';
import { laptopTime } from '../lease/laptop.ts';
import { openTimeFloor } from '../trust/floor.ts';
import { day, leaseUntil, testLaptop, testServer } from './agent.fixture.ts';
import { agentLayout } from './layout.ts';
import { type Round, runRound } from './round.ts';
import { tick } from './schedule.ts';
import { defaultSettings, writeAgentSettings } from './settings.ts';
import { readAgentState } from './state.ts';

/** A laptop whose server gives leases of 21 days. */
async function scene(context: TestContext) {
  const server = await testServer(context);
  const laptop = testLaptop(context, { server: server.url });
  const files = agentLayout(laptop.layout);
  writeAgentSettings(files, { ...defaultSettings, notify: 'off' });
  const ends = laptop.clock + 21 * day;
  server.answer = async () => ({ time: laptopTime(laptop.clock), lease: await leaseUntil(ends) });
  return { server, laptop, files };
}

const codes = ({ failures }: Round) => failures.map(({ code }) => code);

describe('a disk that refuses', () => {
  test('the lease does not make the laptop ask in every round, and the rest is done', async (context) => {
    const { server, laptop, files } = await scene(context);
    rmSync(laptop.layout.security, { recursive: true, force: true });
    laptop.write('security', 'no folder');
    const round = await runRound(laptop.agent);
    assert.deepEqual([round.asked, round.server], [true, server.url]);
    assert.deepEqual(codes(round), ['system-call-failed']);
    assert.equal(readAgentState(files).failures, 1);
    laptop.on(1000);
    assert.equal((await runRound(laptop.agent)).asked, false);
    assert.equal(server.asked.length, 1);
  });

  test('to read the lease that is there lets the laptop ask for another', async (context) => {
    const { server, laptop, files } = await scene(context);
    mkdirSync(files.lease, { recursive: true });
    const round = await runRound(laptop.agent);
    assert.deepEqual([round.asked, codes(round)], [true, ['system-call-failed']]);
    rmSync(files.lease, { recursive: true });
    assert.equal((await runRound(laptop.agent, { force: true })).lease, 'stored');
    assert.equal(server.asked.length, 2);
  });

  test('the words for people does not keep the lease from coming', async (context) => {
    const { laptop, files } = await scene(context);
    laptop.write('run', 'no folder');
    laptop.write('security/lease.sig', await leaseUntil(laptop.clock + day));
    writeAgentSettings(files, { ...defaultSettings, notify: 'off', warnDays: 30 });
    const round = await runRound(laptop.agent);
    assert.deepEqual([round.lease, codes(round)], ['stored', ['system-call-failed']]);
  });
});

describe('a symlink that leads out of the device', () => {
  for (const path of ['versions/updates/satchel/agent', 'run', 'run/satchel'])
    test(`${path} is refused before anything is written there`, async (context) => {
      const { server, laptop } = await scene(context);
      const [root, outside] = [laptop.layout.root, temporaryFolder(context)];
      rmSync(join(root, path), { recursive: true, force: true });
      mkdirSync(dirname(join(root, path)), { recursive: true });
      symlinkSync(outside, join(root, path));
      laptop.write('security/lease.sig', await leaseUntil(laptop.clock + day));
      const isRefusal = (error: unknown) => isSatchelError(error, 'device-folder-outside');
      await assert.rejects(runRound(laptop.agent), isRefusal);
      assert.deepEqual([readdirSync(outside), server.asked], [[], []]);
    });
});

test('the clock is set no further than the time is believed', async (context) => {
  const { server, laptop, files } = await scene(context);
  writeAgentSettings(files, { ...defaultSettings, notify: 'off', setClock: true });
  const set: number[] = [];
  const agent = { ...laptop.agent, setClock: async (time: number) => void set.push(time) };
  await runRound(agent, { force: true });
  server.answer = async () => ({ time: laptopTime(Date.UTC(2099, 0, 1)) });
  await runRound(agent, { force: true });
  assert.deepEqual(set, [laptop.clock + 400 * day]);
});

test('the first answer is believed no further than 400 days beyond a clock that may be right', async (context) => {
  const { server, laptop } = await scene(context);
  const floor = () => openTimeFloor(join(laptop.layout.trust, 'floor'), laptop.agent.clock).value();
  server.answer = async () => ({ time: laptopTime(Date.UTC(2099, 0, 1)) });
  await runRound(laptop.agent, { force: true });
  assert.equal(floor(), laptop.clock + 400 * day);
});

test('a server that answers by drops does not keep the laptop from the next one', async (context) => {
  const { server, laptop, files } = await scene(context);
  const timers = new Set<NodeJS.Timeout>();
  const dripping = createServer((_request, response) => {
    response.writeHead(200);
    timers.add(setInterval(() => response.write(Buffer.alloc(2048)), 25));
  });
  dripping.listen(0, '127.0.0.1');
  context.after(() => {
    for (const timer of timers) clearInterval(timer);
    dripping.closeAllConnections();
    dripping.close();
  });
  await new Promise((resolve) => dripping.once('listening', resolve));
  const { port } = dripping.address() as AddressInfo;
  writeAgentSettings(files, { ...defaultSettings, notify: 'off', servers: [`http://127.0.0.1:${port}/`] });
  const round = await runRound({ ...laptop.agent, patience: 100 });
  assert.deepEqual([round.server, round.lease], [server.url, 'stored']);
  server.answer = undefined;
  laptop.write('etc/oats-server', `127.0.0.1:${port}`);
  assert.deepEqual(codes(await runRound({ ...laptop.agent, patience: 100 }, { force: true })), [
    'agent-server-slow',
  ]);
});

test('a server without a longer lease does not keep the laptop from one that has it', async (context) => {
  const { server: school, laptop, files } = await scene(context);
  const origin = await testServer(context);
  writeAgentSettings(files, { ...defaultSettings, notify: 'off', servers: [school.url, origin.url] });
  const first = await runRound(laptop.agent);
  assert.deepEqual([first.server, first.lease], [school.url, 'stored']);
  const ends = laptop.clock + 40 * day;
  origin.answer = async () => ({ time: laptopTime(laptop.clock), lease: await leaseUntil(ends) });
  laptop.on(5 * day);
  await runRound(laptop.agent);
  assert.deepEqual([school.asked.length, origin.asked.length], [2, 0], 'there is time enough');
  laptop.on(10 * day);
  const due = await runRound(laptop.agent);
  assert.deepEqual([due.because, due.server, due.lease], ['lease', origin.url, 'stored']);
  origin.answer = undefined;
  school.answer = async () => ({ time: laptopTime(laptop.clock) });
  laptop.on(13 * day);
  const last = await runRound(laptop.agent);
  assert.deepEqual(
    [last.because, last.server, codes(last)],
    ['lease', school.url, []],
    'else the first counts',
  );
});

describe('a lesson', () => {
  const advice: OatsUpdate = { hash: 'a'.repeat(64) as Sha256, name: 'os-2', priority: 'normal' };

  test('that begins stops what a server advised, and it goes on afterwards', async (context) => {
    const { server, laptop, files } = await scene(context);
    server.answer = async () => ({ time: laptopTime(laptop.clock), update: advice });
    const followAdvice = async (_: OatsUpdate, signal: AbortSignal) => {
      laptop.write('run/satchel/inhibit', 'mathematics\n');
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      signal.throwIfAborted();
      throw new Error('not reached');
    };
    const stopped = await runRound({ ...laptop.agent, followAdvice }, { force: true });
    assert.deepEqual([stopped.update?.later, codes(stopped)], ['lesson', []]);
    assert.deepEqual(readAgentState(files).advice, advice);
    rmSync(files.inhibit);
    laptop.on(tick);
    const agent = {
      ...laptop.agent,
      followAdvice: async () => ({ changed: true, rebootNeeded: true, bytesReceived: 1 }),
    };
    assert.deepEqual((await runRound(agent)).update, {
      ...{ build: buildName('os-2'), result: 'switched' },
      ...{ rebootNeeded: true, bytesReceived: 1 },
    });
    assert.equal(readAgentState(files).advice, undefined);
  });

  test('is not all that stops it: after hours it makes room for the next question', async (context) => {
    const { server, laptop, files } = await scene(context);
    server.answer = async () => ({ time: laptopTime(laptop.clock), update: advice });
    const followAdvice = async (_: OatsUpdate, signal: AbortSignal) => {
      laptop.on(7 * 3600_000);
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      throw new SatchelError('cancelled');
    };
    const round = await runRound({ ...laptop.agent, followAdvice }, { force: true });
    assert.deepEqual([round.update?.later, codes(round)], ['pause', []]);
    assert.deepEqual(readAgentState(files).advice, advice);
  });

  test('is one by whatever lies at the place of the file', async (context) => {
    const { server, laptop, files } = await scene(context);
    server.answer = async () => ({ time: laptopTime(laptop.clock), update: advice });
    mkdirSync(files.inhibit, { recursive: true });
    const agent = { ...laptop.agent, followAdvice: () => assert.fail('in a lesson') };
    const round = await runRound(agent, { force: true });
    assert.deepEqual([round.update?.later, codes(round)], ['lesson', []]);
    assert.equal(existsSync(files.inhibit), true);
    assert.ok(readFileSync(files.state, 'utf8').includes('lesson'));
  });
});
