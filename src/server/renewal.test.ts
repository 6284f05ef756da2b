import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import { startRenewal } from './renewal.ts';

const hour = 3_600_000;
const silent = pino({ level: 'silent' });

test('metadata is renewed at start and every hour', async (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  let calls = 0;
  const renewal = startRenewal(async () => {
    calls += 1;
  }, silent);
  assert.equal(calls, 1);
  await turn();
  context.mock.timers.tick(hour);
  assert.equal(calls, 2);
  await renewal.stop();
  context.mock.timers.tick(3 * hour);
  assert.equal(calls, 2);
});

test('a failure is logged and the next hour tries again', async (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  const lines: string[] = [];
  let calls = 0;
  const fails = () => {
    calls += 1;
    throw new Error('the key is locked');
  };
  const renewal = startRenewal(fails, pino({}, { write: (line) => lines.push(line) }));
  await turn();
  context.mock.timers.tick(hour);
  await renewal.stop();
  assert.equal(calls, 2);
  assert.equal(lines.length, 2);
  assert.match(lines[0] ?? '', /could not be renewed: the key is locked/);
});

test('a renewal that takes longer than an hour is not joined by a second one, and stopping waits for it', async (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  let calls = 0;
  const gate = Promise.withResolvers<void>();
  const renewal = startRenewal(async () => {
    calls += 1;
    await gate.promise;
  }, silent);
  context.mock.timers.tick(2 * hour);
  assert.equal(calls, 1);
  let stopped = false;
  const stopping = renewal.stop().then(() => {
    stopped = true;
  });
  await turn();
  assert.equal(stopped, false);
  gate.resolve();
  await stopping;
});
