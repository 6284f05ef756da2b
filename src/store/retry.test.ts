import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type FaultRule, type FaultServer, startFaultServer } from '../../test/doubles/fault-server.ts';
import { isSatchelError } from '../base/errors.ts';
import { type HttpStore, openHttpStore } from './http.ts';
import { type ResumeOptions, type Retry, readResuming } from './retry.ts';

const content = randomBytes(400_000);

describe('reading over a bad link', () => {
  let directory = '';
  let server: FaultServer;
  let store: HttpStore;
  let pauses: number[] = [];
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'satchel-retry-'));
    writeFileSync(join(directory, 'a'), content);
    server = await startFaultServer(directory);
    store = openHttpStore(server.url, { idleTimeout: 1000 });
    pauses = [];
  });
  afterEach(async () => {
    await store.close();
    await server.close();
    rmSync(directory, { recursive: true });
  });
  const sleep = async (milliseconds: number) => {
    pauses.push(milliseconds);
  };
  const readAll = async (options: ResumeOptions = {}) => {
    const pieces: Uint8Array[] = [];
    for await (const piece of readResuming(store, 'a', { sleep, random: () => 1, ...options }))
      pieces.push(piece);
    return Buffer.concat(pieces);
  };
  const setRules = (...rules: FaultRule[]) => server.setRules(rules);

  test('a good link needs one request', async () => {
    assert.deepEqual(await readAll(), content);
    assert.equal(store.counters().requests, 1);
    assert.deepEqual(pauses, []);
  });

  test('every interruption is resumed where it stopped, and nothing is fetched twice', async () => {
    setRules(
      { times: 1, fault: { kind: 'truncate', after: 100_000 } },
      { from: 2, times: 1, fault: { kind: 'reset', after: 60_000 } },
      { from: 3, times: 1, fault: { kind: 'hang', when: 'in-body', after: 60_000 } },
      { from: 4, times: 1, fault: { kind: 'status', status: 503 } },
      { from: 5, times: 1, fault: { kind: 'reset' } },
    );
    assert.deepEqual(await readAll(), content);
    const starts = server.requests.map(({ range }) => Number(/\d+/.exec(range ?? 'bytes=0')?.[0]));
    assert.equal(starts[1], 100_000);
    // A reset may swallow bytes that were on their way; what arrived is not asked for again.
    assert.ok((starts[2] as number) > 100_000 && (starts[2] as number) <= 160_000);
    assert.equal(starts.length, 6);
    assert.deepEqual(
      starts,
      [...starts].sort((a, b) => a - b),
    );
  });

  test('parts are resumed too', async () => {
    setRules({ times: 2, fault: { kind: 'truncate', after: 10_000 } });
    assert.deepEqual(await readAll({ offset: 1000, length: 50_000 }), content.subarray(1000, 51_000));
    assert.deepEqual(
      server.requests.map(({ range }) => range),
      ['bytes=1000-50999', 'bytes=11000-50999', 'bytes=21000-50999'],
    );
  });

  test('pauses double while nothing comes and start anew after progress', async () => {
    setRules(
      { times: 3, fault: { kind: 'status', status: 500 } },
      { from: 4, times: 1, fault: { kind: 'truncate', after: 2000 } },
      { from: 5, times: 2, fault: { kind: 'status', status: 500 } },
    );
    assert.deepEqual(await readAll(), content);
    assert.deepEqual(pauses, [500, 1000, 2000, 500, 1000, 2000]);
  });

  test('pauses vary by half and stay below half a minute', async () => {
    setRules({ fault: { kind: 'status', status: 500 } });
    await assert.rejects(readAll({ attempts: 12, random: () => 0 }));
    assert.deepEqual(pauses.slice(0, 3), [250, 500, 1000]);
    assert.equal(Math.max(...pauses), 15_000);
  });

  test('a busy server is left alone as long as it asks', async () => {
    setRules({ times: 1, fault: { kind: 'status', status: 429, headers: { 'Retry-After': '120' } } });
    assert.deepEqual(await readAll(), content);
    assert.deepEqual(pauses, [120_000]);
  });

  test('it gives up after attempts without a byte and tells the last failure', async () => {
    setRules({ fault: { kind: 'status', status: 502 } });
    await assert.rejects(
      readAll(),
      (error) => isSatchelError(error, 'store-unreachable') && error.parameters.reason === 'HTTP 502',
    );
    assert.equal(server.counters().requests, 5);
    assert.equal(pauses.length, 4);
  });

  test('it never gives up while every attempt brings some bytes', async () => {
    setRules({ times: 39, fault: { kind: 'truncate', after: 10_000 } });
    assert.deepEqual(await readAll({ attempts: 2 }), content);
    assert.equal(server.counters().requests, 40);
  });

  test('a server that gives a few bytes each time is given up', async () => {
    setRules({ fault: { kind: 'truncate', after: 100 } });
    await assert.rejects(readAll(), (error) => isSatchelError(error, 'store-too-short'));
    assert.equal(server.counters().requests, 5);
  });

  test('what no second attempt could change fails at once', async () => {
    for (const status of [404, 403]) {
      setRules({ fault: { kind: 'status', status } });
      await assert.rejects(readAll(), (error) => isSatchelError(error, 'store-not-found', 'store-refused'));
    }
    assert.deepEqual(pauses, []);
  });

  test('a file that has another length the next time is refused', async () => {
    for (const by of [1, -100_000, -399_999]) {
      setRules(
        { times: 1, fault: { kind: 'truncate', after: 1000 } },
        { from: 2, fault: { kind: 'resize', by } },
      );
      await assert.rejects(
        readAll(),
        (error) => isSatchelError(error, 'store-changed') && error.parameters.after === 400_000 + by,
      );
    }
  });

  test('each pause is announced with its reason', async () => {
    const retries: Retry[] = [];
    setRules({ times: 1, fault: { kind: 'truncate', after: 5 } });
    await readAll({ onRetry: (retry) => retries.push(retry) });
    assert.deepEqual(
      retries.map(({ failure, attempt, pause }) => [failure.code, attempt, pause]),
      [['store-too-short', 1, 500]],
    );
  });

  test('it is cancelled in the body and in a pause', async () => {
    const inBody = new AbortController();
    await assert.rejects(
      async () => {
        for await (const piece of readResuming(store, 'a', { signal: inBody.signal, sleep }))
          if (piece.length > 0) inBody.abort();
      },
      (error) => isSatchelError(error, 'cancelled'),
    );
    setRules({ fault: { kind: 'status', status: 500 } });
    const inPause = new AbortController();
    const reading = (async () => {
      const options = { signal: inPause.signal, onRetry: () => queueMicrotask(() => inPause.abort()) };
      for await (const piece of readResuming(store, 'a', options)) assert.fail(`${piece.length} bytes`);
    })();
    await assert.rejects(reading, (error) => isSatchelError(error, 'cancelled'));
  });
});
