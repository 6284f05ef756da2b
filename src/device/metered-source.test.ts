import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { countAt, type Month } from '../plan/month.ts';
import type { SourceStore } from '../store/open.ts';
import { createAllowance } from './allowance.ts';
import type { DataAccount } from './data-account.ts';
import { dataMonth } from './data-month.ts';
import { meterSource } from './metered-source.ts';

const header = 200;

/** A source that sends pieces of 1000 bytes, `milliseconds` apart, after a header of 200. */
function source({ milliseconds = 0 } = {}) {
  const clock = { now: 0 };
  const asked: (number | undefined)[] = [];
  let bytesReceived = 0;
  let requests = 0;
  const store: SourceStore = {
    location: 'http://test/',
    async read(_name, { length } = {}) {
      asked.push(length);
      requests += 1;
      bytesReceived += header;
      clock.now += 50;
      const size = length ?? 3000;
      return {
        size,
        body: (async function* () {
          for (let sent = 0; sent < size; sent += 1000) {
            const piece = Buffer.alloc(Math.min(1000, size - sent));
            bytesReceived += piece.length;
            clock.now += milliseconds;
            yield piece;
          }
        })(),
      };
    },
    counters: () => ({ requests, bytesReceived }),
    async close() {},
  };
  return { store, asked, clock };
}

/** An account in memory. */
function account(): DataAccount & { readonly total: () => number } {
  let total = 0;
  const now = Date.parse('2026-01-15T00:00:00Z');
  return {
    count: () => countAt(now, new Map([['2026-01' as Month, total]])),
    add(bytes) {
      total += bytes;
    },
    async close() {},
    total: () => total,
  };
}

async function drain(reading: Promise<{ readonly body: AsyncIterable<Uint8Array> }>): Promise<number> {
  let length = 0;
  for await (const piece of (await reading).body) length += piece.length;
  return length;
}

function withBudget(budget: number) {
  const { store, asked } = source();
  const counted = account();
  const allowance = createAllowance(() => dataMonth(counted.count(), budget));
  return { metered: meterSource(store, { account: counted, allowance }), asked, counted };
}

const isSpent = (error: unknown) => isSatchelError(error, 'data-budget-spent');

test('every byte is counted, headers included, also of an answer that is not read to its end', async () => {
  const { store } = source();
  const counted = account();
  const metered = meterSource(store, { account: counted });
  assert.equal(await drain(metered.read('a', { length: 2500 })), 2500);
  assert.deepEqual([counted.total(), metered.meter.contentBytes()], [2700, 2500]);
  for await (const _ of (await metered.read('a', { length: 2500 })).body) break;
  assert.deepEqual([counted.total(), metered.meter.contentBytes()], [3900, 3500]);
});

test('a long answer is counted while it comes', async () => {
  const { store } = source();
  const counted = account();
  const { body } = await meterSource(store, { account: counted }).read('a', { length: 1_000_000 });
  const seen = new Set<number>();
  for await (const _ of body) seen.add(counted.total());
  assert.ok(seen.size >= 4, 'the account grew meanwhile');
});

test('the rate is that of all connections together, and the shortest wait is the round trip', async () => {
  const { store, clock } = source({ milliseconds: 10 });
  const metered = meterSource(store, { now: () => clock.now });
  await drain(metered.read('a', { length: 400_000 }));
  assert.deepEqual(metered.meter.measured(), { bytesPerSecond: 100_000, roundTrip: 0.05 });
});

test('small answers tell nothing of the rate', async () => {
  const { store, clock } = source({ milliseconds: 10 });
  const metered = meterSource(store, { now: () => clock.now });
  for (let i = 0; i < 100; i += 1) await drain(metered.read('a', { length: 5000 }));
  assert.equal(metered.meter.measured(), undefined);
});

test('with a monthly budget no more is asked for than may come, and what came is handed on first', async () => {
  const { metered, asked, counted } = withBudget(10_000);
  const { body } = await metered.read('a', { length: 50_000 });
  let length = 0;
  await assert.rejects(async () => {
    for await (const piece of body) length += piece.length;
  }, isSpent);
  assert.equal(length, asked[0]);
  assert.ok(length > 8000 && counted.total() <= 10_000);
  await assert.rejects(metered.read('a', { length: 1 }), isSpent);
  assert.equal(asked.length, 1, 'nothing is asked for when nothing is left');
});

test('requests at the same time share what is left', async () => {
  const { metered, counted } = withBudget(25_000);
  const results = await Promise.allSettled([1, 2, 3].map(() => drain(metered.read('a', { length: 9000 }))));
  assert.ok(counted.total() <= 25_000);
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 2);
});

test('a file of unknown length that is longer than what is left is stopped', async () => {
  const { metered, counted } = withBudget(2000);
  await assert.rejects(drain(metered.read('a')), isSpent);
  assert.ok(counted.total() <= 3500);
});

test('the sentence says what was received, of how much, and when the next month begins', async () => {
  const { metered } = withBudget(1000);
  await assert.rejects(metered.read('a', { length: 5 }), {
    code: 'data-budget-spent',
    parameters: { month: '2026-01', used: '0 B', budget: '1.00 kB', left: '1.00 kB', next: '2026-02-01' },
  });
});

test('what else comes over the connections is counted, and needs room in the month', async () => {
  const counted = account();
  let bytesReceived = 0;
  const store = { ...source().store, counters: () => ({ requests: 0, bytesReceived }) };
  const allowance = createAllowance(() => dataMonth(counted.count(), 5000));
  const metered = meterSource(store, { account: counted, allowance });
  const answer = (bytes: number) => async () => {
    bytesReceived += bytes;
    return 'done';
  };
  assert.equal(await metered.counted(1000, answer(4500)), 'done');
  assert.equal(counted.total(), 4500);
  await assert.rejects(metered.counted(1000, answer(1)), isSpent);
  assert.equal(counted.total(), 4500);
});

test('a measurement that was taken is not told again', async () => {
  const { store, clock } = source({ milliseconds: 1 });
  const metered = meterSource(store, { now: () => clock.now });
  await drain(metered.read('a', { length: 300_000 }));
  assert.equal(metered.meter.takeMeasured()?.bytesPerSecond, 1_000_000);
  assert.equal(metered.meter.takeMeasured(), undefined);
  await drain(metered.read('a', { length: 600_000 }));
  assert.equal(metered.meter.takeMeasured()?.roundTrip, 0.05);
});
