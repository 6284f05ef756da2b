import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGate } from './upstream-gate.ts';

function gateWithTime() {
  const time = { now: 0 };
  const gate = createGate({ now: () => time.now, random: () => 1, sleep: async () => undefined });
  const attempt = async () => {
    const begun = await gate.begin();
    assert.ok(begun, 'an attempt may be made');
    return begun;
  };
  return { time, gate, attempt };
}

test('pauses double from a second to a quarter of an hour', async () => {
  const { time, gate, attempt } = gateWithTime();
  const pauses: number[] = [];
  for (let failures = 0; failures < 12; failures += 1) {
    (await attempt()).failed();
    pauses.push(gate.pause() / 1000);
    assert.equal(await gate.begin(), undefined);
    time.now += gate.pause();
  }
  assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
});

test('what the other side asks for is the least pause, up to the longest', async () => {
  const { time, gate, attempt } = gateWithTime();
  (await attempt()).failed(120);
  assert.equal(gate.pause(), 120_000);
  time.now += 120_000;
  (await attempt()).failed(86_400);
  assert.equal(gate.pause(), 900_000);
});

test('those that fail together count once', async () => {
  const { gate, attempt } = gateWithTime();
  const begun = [await attempt(), await attempt(), await attempt()];
  for (const one of begun) one.failed();
  assert.equal(gate.pause(), 1000);
});

test('one goes first, and the others follow its answer', async () => {
  const { time, gate, attempt } = gateWithTime();
  (await attempt()).failed();
  time.now += 1000;
  const first = await attempt();
  const others = [gate.begin(), gate.begin()];
  first.answered();
  const followed = await Promise.all(others);
  assert.ok(followed.every((one) => one !== undefined));
  // It broke off after all: the count goes on where it was.
  first.failed();
  assert.equal(gate.pause(), 2000);
});

test('when the first fails the others are turned away at once', async () => {
  const { time, gate, attempt } = gateWithTime();
  (await attempt()).failed();
  time.now += 1000;
  const first = await attempt();
  const other = gate.begin();
  first.failed();
  assert.equal(await other, undefined);
});

test('when the first is given up another goes first', async () => {
  const { time, gate, attempt } = gateWithTime();
  (await attempt()).failed();
  time.now += 1000;
  const first = await attempt();
  const other = gate.begin();
  first.abandoned();
  (await other)?.succeeded();
  assert.equal(gate.pause(), 0);
});

test('whoever waits for the first can be cancelled', async () => {
  const { time, gate, attempt } = gateWithTime();
  (await attempt()).failed();
  time.now += 1000;
  await attempt();
  const stopping = new AbortController();
  const waiting = gate.begin(stopping.signal);
  stopping.abort();
  await assert.rejects(waiting, { code: 'cancelled' });
});
