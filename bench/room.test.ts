import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureTogether } from './room.ts';

test('jobs run at once, and their costs are added up; the server is charged for what it did meanwhile', async () => {
  let serverCpu = 5;
  const { promise: bothStarted, resolve } = Promise.withResolvers<void>();
  let started = 0;
  const job = (peak: number) => async () => {
    serverCpu += 2;
    started += 1;
    if (started === 2) resolve();
    await bothStarted;
    return { wall: 1, cpu: 3, peak, written: 10 };
  };
  const { wall, ...sample } = await measureTogether({ cpu: () => serverCpu, peak: () => 70 }, [
    job(100),
    job(50),
  ]);
  assert.ok(wall > 0);
  assert.deepEqual(sample, { cpu: 6, peak: 100, written: 20, serverCpu: 4, serverPeak: 70 });
});
