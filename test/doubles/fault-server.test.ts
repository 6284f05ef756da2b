import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type FaultRule, type FaultServer, startFaultServer } from './fault-server.ts';

const content = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251));

describe('the fault server', () => {
  let directory = '';
  let server: FaultServer;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'satchel-faults-'));
    mkdirSync(join(directory, 'packs'));
    writeFileSync(join(directory, 'packs/a'), content);
    server = await startFaultServer(directory);
  });
  afterEach(async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  });
  const get = (range?: string) =>
    fetch(`${server.url}packs/a`, range === undefined ? {} : { headers: { Range: range } });
  const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());
  const setRules = (...rules: FaultRule[]) => server.setRules(rules);

  test('without rules it is a correct server with ranges', async () => {
    const whole = await get();
    assert.equal(whole.status, 200);
    assert.deepEqual(await bytesOf(whole), content);
    const part = await get('bytes=10-19');
    assert.equal(part.status, 206);
    assert.equal(part.headers.get('content-range'), 'bytes 10-19/100000');
    assert.deepEqual(await bytesOf(part), content.subarray(10, 20));
    assert.deepEqual(await bytesOf(await get('bytes=99990-')), content.subarray(99_990));
    assert.equal((await get('bytes=100000-')).status, 416);
    assert.equal((await fetch(`${server.url}nothing`)).status, 404);
    assert.equal((await fetch(`${server.url}packs`)).status, 404);
  });

  test('it counts requests and bytes', async () => {
    await bytesOf(await get());
    await bytesOf(await get('bytes=0-9'));
    const { requests, bodyBytes, bytesSent } = server.counters();
    assert.equal(requests, 2);
    assert.equal(bodyBytes, 100_010);
    assert.ok(bytesSent > bodyBytes && bytesSent < bodyBytes + 1000);
    assert.deepEqual(server.requests[1], { method: 'GET', path: '/packs/a', range: 'bytes=0-9' });
  });

  test('a rule holds for its path, from its request on, as often as it says', async () => {
    setRules(
      { path: '/packs/a', from: 2, times: 1, fault: { kind: 'status', status: 503 } },
      { pattern: '^/other', fault: { kind: 'status', status: 500 } },
    );
    const statuses = [];
    for (let i = 0; i < 3; i += 1) {
      const response = await get();
      await bytesOf(response);
      statuses.push(response.status);
    }
    assert.deepEqual(statuses, [200, 503, 200]);
    assert.equal((await fetch(`${server.url}other/x`)).status, 500);
  });

  test('content is flipped, replaced and resized', async () => {
    setRules({ fault: { kind: 'flip', offset: 70_000 } });
    const flipped = await bytesOf(await get('bytes=69999-70001'));
    assert.deepEqual([...flipped], [69_999 % 251, (70_000 % 251) ^ 0xff, 70_001 % 251]);
    setRules({ fault: { kind: 'replace', text: 'other' } });
    assert.equal(String(await bytesOf(await get())), 'other');
    setRules({ fault: { kind: 'resize', by: 5 } });
    assert.deepEqual(await bytesOf(await get()), Buffer.concat([content, Buffer.alloc(5)]));
    setRules({ fault: { kind: 'resize', by: -99_999 } });
    assert.deepEqual(await bytesOf(await get()), content.subarray(0, 1));
  });

  test('heads lie as they are told to', async () => {
    setRules({ fault: { kind: 'ignore-ranges' } });
    assert.equal((await get('bytes=5-6')).status, 200);
    setRules({ fault: { kind: 'wrong-content-range', shift: 3 } });
    assert.equal((await get('bytes=5-6')).headers.get('content-range'), 'bytes 8-9/100000');
    setRules({ fault: { kind: 'no-length' } });
    const chunked = await get();
    assert.equal(chunked.headers.get('content-length'), null);
    assert.deepEqual(await bytesOf(chunked), content);
    setRules({ fault: { kind: 'redirect', to: '/packs/a' }, times: 1 });
    assert.deepEqual(await bytesOf(await get()), content);
    setRules({ fault: { kind: 'extra', bytes: 7, promised: true } });
    assert.equal((await bytesOf(await get())).length, 100_007);
  });

  test('connections end early, are reset, or hang', async () => {
    for (const fault of [
      { kind: 'truncate', after: 50_000 },
      { kind: 'reset', after: 50_000 },
      { kind: 'reset' },
      { kind: 'truncate', after: 0 },
    ] as const) {
      setRules({ fault });
      await assert.rejects(async () => bytesOf(await get()), JSON.stringify(fault));
    }
    for (const when of ['before-head', 'after-head', 'in-body'] as const) {
      setRules({ fault: { kind: 'hang', when, after: 1000 } });
      const stop = AbortSignal.timeout(100);
      await assert.rejects(async () => bytesOf(await fetch(`${server.url}packs/a`, { signal: stop })), when);
    }
  });

  test('a throttled body takes its time', async () => {
    setRules({ fault: { kind: 'slow', bytesPerSecond: 400_000 } });
    const began = performance.now();
    assert.deepEqual(await bytesOf(await get()), content);
    assert.ok(performance.now() - began > 200);
  });

  test('it runs as a process and is told new rules', async () => {
    const rules = JSON.stringify([{ fault: { kind: 'status', status: 500 } }]);
    const program = join(import.meta.dirname, 'fault-server.ts');
    const child = spawn(process.execPath, [program, directory, '--rules', rules], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
      assert.equal((await fetch(`${url}packs/a`)).status, 500);
      await fetch(`${url}-/rules`, { method: 'PUT', body: '[]' });
      assert.deepEqual(await bytesOf(await fetch(`${url}packs/a`)), content);
      const counters = (await (await fetch(`${url}-/counters`)).json()) as { requests: number };
      assert.equal(counters.requests, 2);
    } finally {
      child.kill();
      await once(child, 'exit');
    }
  });
});
