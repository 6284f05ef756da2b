import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type BareAnswer, startBareServer } from '../../test/doubles/bare-server.ts';
import { type Fault, type FaultServer, startFaultServer } from '../../test/doubles/fault-server.ts';
import { isSatchelError, type SatchelError } from '../base/errors.ts';
import { type HttpStore, openHttpStore } from './http.ts';
import { readAll } from './read-all.ts';
import type { ReadOptions } from './store.ts';

const content = randomBytes(300_000);
const limit = 1_000_000;

describe('an HTTP store', () => {
  let directory = '';
  let server: FaultServer;
  let store: HttpStore;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'satchel-http-'));
    mkdirSync(join(directory, 'packs'));
    writeFileSync(join(directory, 'packs/a'), content);
    writeFileSync(join(directory, 'empty'), '');
    server = await startFaultServer(directory);
    store = openHttpStore(server.url, { idleTimeout: 10_000 });
  });
  afterEach(async () => {
    await store.close();
    await server.close();
    rmSync(directory, { recursive: true });
  });
  const readPart = async (options: ReadOptions, name = 'packs/a') => {
    const { size, body } = await store.read(name, options);
    const pieces: Uint8Array[] = [];
    for await (const piece of body) pieces.push(piece);
    return { size, bytes: Buffer.concat(pieces) };
  };
  const failsWith = async (fault: Fault, code: SatchelError['code'], options: ReadOptions = {}) => {
    server.setRules([{ fault, times: 1 }]);
    await assert.rejects(
      readPart(options),
      (error) => isSatchelError(error, code) || assert.fail(`${JSON.stringify(fault)}: ${error}`),
    );
    // Whatever went wrong, the next request is served well.
    assert.deepEqual((await readPart({})).bytes, content);
  };

  test('whole files and parts are read exactly', async () => {
    assert.deepEqual(await readPart({}), { size: 300_000, bytes: content });
    assert.deepEqual(await readPart({ offset: 7, length: 100_000 }), {
      size: 300_000,
      bytes: content.subarray(7, 100_007),
    });
    assert.deepEqual((await readPart({ offset: 299_999 })).bytes, content.subarray(299_999));
    assert.deepEqual((await readPart({ length: 1 })).bytes, content.subarray(0, 1));
  });

  test('nothing at all can be read, and the length is known', async () => {
    for (const options of [
      { length: 0 },
      { offset: 5, length: 0 },
      { offset: 300_000 },
      { offset: 300_000, length: 0 },
    ])
      assert.deepEqual(await readPart(options), { size: 300_000, bytes: Buffer.alloc(0) });
    assert.deepEqual(await readPart({}, 'empty'), { size: 0, bytes: Buffer.alloc(0) });
  });

  test('what is beyond the end is refused with the real length', async () => {
    for (const options of [
      { offset: 300_001 },
      { offset: 299_999, length: 2 },
      { length: 300_001 },
      { offset: 300_001, length: 0 },
    ])
      await assert.rejects(
        readPart(options),
        (error) => isSatchelError(error, 'store-range') && error.parameters.size === 300_000,
      );
  });

  test('a missing file is not found, on the same connection', async () => {
    for (let i = 0; i < 3; i += 1)
      await assert.rejects(store.read('packs/b'), (error) => isSatchelError(error, 'store-not-found'));
    assert.deepEqual(await readAll(store, 'packs/a', { limit }), content);
    assert.equal(server.counters().connections, 1);
  });

  test('one connection serves one read after another', async () => {
    for (let i = 0; i < 5; i += 1) await readPart({ offset: i * 10, length: 1000 });
    await readPart({ offset: 300_000 });
    await readPart({ length: 0 });
    assert.equal(server.counters().connections, 1);
    assert.equal(store.counters().requests, 7);
  });

  test('bytes are counted to the last one', async () => {
    await readPart({});
    await Promise.all([
      readPart({ length: 10 }),
      readPart({ offset: 5 }),
      readPart({ offset: 9, length: 5 }),
    ]);
    await assert.rejects(store.read('nothing'));
    assert.equal(store.counters().bytesReceived, server.counters().bytesSent);
    await store.close();
    assert.equal(store.counters().bytesReceived, server.counters().bytesSent);
    assert.equal(store.counters().requests, 5);
  });

  test('statuses become sentences', async () => {
    await failsWith({ kind: 'status', status: 500 }, 'store-unreachable');
    await failsWith({ kind: 'status', status: 429 }, 'store-unreachable');
    await failsWith({ kind: 'status', status: 403 }, 'store-refused');
    await failsWith({ kind: 'status', status: 404 }, 'store-not-found');
    await failsWith({ kind: 'status', status: 204 }, 'store-wrong-answer');
  });

  test('a server that hangs is told as stalled', async () => {
    const impatient = openHttpStore(server.url, { idleTimeout: 200 });
    for (const when of ['before-head', 'after-head', 'in-body'] as const) {
      server.setRules([{ fault: { kind: 'hang', when, after: 100_000 } }]);
      await assert.rejects(
        readAll(impatient, 'packs/a', { limit }),
        (error) => isSatchelError(error, 'store-stalled') && error.parameters.seconds === 0.2,
        when,
      );
    }
    await impatient.close();
  });

  test('an answer without a length that stalls, is reset or is cancelled is never taken for whole', async () => {
    const body = '["half of a manifest"';
    const answers: Record<string, BareAnswer> = {
      '/whole': { body, end: 'close' },
      '/stalled': { body, end: 'stall' },
      '/reset': { body, end: 'reset' },
    };
    const bare = await startBareServer(answers);
    const other = openHttpStore(bare.url, { idleTimeout: 200 });
    const patient = openHttpStore(bare.url, { idleTimeout: 60_000 });
    const stop = new AbortController();
    const cancelled = readAll(patient, 'stalled', { limit, signal: stop.signal });
    try {
      assert.equal(String(await readAll(other, 'whole', { limit })), body);
      await assert.rejects(readAll(other, 'stalled', { limit }), { code: 'store-stalled' });
      await assert.rejects(readAll(other, 'reset', { limit }), { code: 'store-unreachable' });
      stop.abort();
      await assert.rejects(cancelled, { code: 'cancelled' });
    } finally {
      await other.close();
      await patient.close();
      await bare.close();
    }
  });

  test('a whole file is handed on as it comes, also when nobody says how long it gets', async () => {
    const bare = await startBareServer({ '/': { body: 'first', end: 'stall' } });
    const other = openHttpStore(bare.url);
    try {
      const pieces = other.readToEnd('', { limit });
      assert.equal(Buffer.from((await pieces.next()).value ?? []).toString(), 'first');
      bare.finish();
      assert.equal((await pieces.next()).done, true);
      const known = store.readToEnd('packs/a', { limit });
      const all: Uint8Array[] = [];
      for await (const piece of known) all.push(piece);
      assert.deepEqual(Buffer.concat(all), content);
      await assert.rejects(store.readToEnd('packs/a', { limit: 100 }).next(), { code: 'store-too-long' });
      await assert.rejects(store.readToEnd('packs/b', { limit }).next(), { code: 'store-not-found' });
      assert.throws(() => store.readToEnd('../x', { limit }), { code: 'store-name-not-allowed' });
    } finally {
      await other.close();
      await bare.close();
    }
  });

  test('a slow server that goes on sending is not stalled, nor is one whose reader is slow', async () => {
    const impatient = openHttpStore(server.url, { idleTimeout: 1000 });
    server.setRules([{ fault: { kind: 'slow', bytesPerSecond: 250_000 } }]);
    assert.deepEqual(await readAll(impatient, 'packs/a', { limit }), content);
    server.setRules([]);
    const { body } = await impatient.read('packs/a');
    const pieces: Uint8Array[] = [];
    for await (const piece of body) {
      pieces.push(piece);
      if (pieces.length === 1) await once(AbortSignal.timeout(1200), 'abort');
    }
    assert.deepEqual(Buffer.concat(pieces), content);
    await impatient.close();
  });

  test('an answer that ends early is too short, and tells how far it came', async () => {
    await failsWith({ kind: 'truncate', after: 0 }, 'store-too-short');
    server.setRules([{ fault: { kind: 'truncate', after: 100_000 } }]);
    await assert.rejects(
      readPart({ offset: 50_000 }),
      (error) =>
        isSatchelError(error, 'store-too-short') &&
        error.parameters.received === 100_000 &&
        error.parameters.expected === 250_000,
    );
  });

  test('what arrived before a connection ended early is not lost on a slow reader', async () => {
    server.setRules([{ fault: { kind: 'truncate', after: 50_000 } }]);
    for (let round = 0; round < 5; round += 1) {
      const { body } = await store.read('packs/a');
      await once(AbortSignal.timeout(100), 'abort');
      const pieces: Uint8Array[] = [];
      await assert.rejects(
        async () => {
          for await (const piece of body) pieces.push(piece);
        },
        (error) => isSatchelError(error, 'store-too-short') && error.parameters.received === 50_000,
      );
      assert.deepEqual(Buffer.concat(pieces), content.subarray(0, 50_000));
    }
  });

  test('a reset connection is unreachable', async () => {
    await failsWith({ kind: 'reset' }, 'store-unreachable');
    await failsWith({ kind: 'reset', after: 100_000 }, 'store-unreachable');
  });

  test('more than was promised is refused', async () => {
    await failsWith({ kind: 'extra', bytes: 10, promised: true }, 'store-wrong-answer', {
      offset: 10,
      length: 20,
    });
    await failsWith({ kind: 'extra', bytes: 10, promised: true }, 'store-too-long', { limit: 300_000 });
    server.setRules([
      { fault: { kind: 'no-length' } },
      { fault: { kind: 'extra', bytes: 10, promised: false } },
    ]);
    await assert.rejects(readPart({ offset: 10, length: 20 }), (error) =>
      isSatchelError(error, 'store-too-long'),
    );
  });

  test('bytes after the end of an answer do no harm to the next', async () => {
    server.setRules([{ fault: { kind: 'extra', bytes: 1000, promised: false }, times: 3 }]);
    for (let i = 0; i < 4; i += 1) {
      try {
        assert.deepEqual((await readPart({ length: 1000 })).bytes, content.subarray(0, 1000));
      } catch (error) {
        assert.ok(isSatchelError(error, 'store-wrong-answer', 'store-unreachable'), String(error));
      }
    }
    assert.deepEqual((await readPart({})).bytes, content);
  });

  test('ranges that are ignored are borne only at the start', async () => {
    server.setRules([{ fault: { kind: 'ignore-ranges' } }]);
    assert.deepEqual((await readPart({ length: 1000 })).bytes, content.subarray(0, 1000));
    await failsWith({ kind: 'ignore-ranges' }, 'store-no-ranges', { offset: 10 });
    await failsWith({ kind: 'wrong-content-range', shift: 1 }, 'store-wrong-answer', {
      offset: 10,
      length: 10,
    });
  });

  test('an encoding that nobody asked for is refused', async () => {
    await failsWith({ kind: 'encoding', name: 'gzip' }, 'store-wrong-answer');
  });

  test('an answer of unknown length is taken up to the limit only', async () => {
    server.setRules([{ fault: { kind: 'no-length' } }]);
    assert.deepEqual(await readAll(store, 'packs/a', { limit: 300_000 }), content);
    await assert.rejects(readAll(store, 'packs/a', { limit: 299_999 }), (error) =>
      isSatchelError(error, 'store-too-long'),
    );
    await assert.rejects(store.read('packs/a'), (error) => isSatchelError(error, 'store-wrong-answer'));
  });

  test('five redirects are followed, a circle is not', async () => {
    server.setRules([{ fault: { kind: 'redirect', to: '/packs/a' }, times: 5 }]);
    assert.deepEqual((await readPart({ offset: 3 })).bytes, content.subarray(3));
    assert.equal(store.counters().requests, 6);
    await failsWith({ kind: 'redirect', to: 'gopher://elsewhere/' }, 'store-wrong-answer');
    server.setRules([{ fault: { kind: 'redirect', to: '/packs/a' } }]);
    await assert.rejects(store.read('packs/a'), (error) => isSatchelError(error, 'store-wrong-answer'));
  });

  test('a connection that the server closed while it was idle is replaced', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok';
    const sockets: Socket[] = [];
    const flaky = createServer((socket) => {
      sockets.push(socket);
      let answered = 0;
      socket.on('data', () => {
        answered += 1;
        if (answered === 1) socket.write(answer);
        else socket.resetAndDestroy();
      });
      socket.on('error', () => undefined);
    }).listen(0, '127.0.0.1');
    await once(flaky, 'listening');
    const { port } = flaky.address() as { port: number };
    const other = openHttpStore(`http://127.0.0.1:${port}/`);
    for (let i = 0; i < 3; i += 1) assert.equal(String(await readAll(other, 'x', { limit: 10 })), 'ok');
    assert.equal(sockets.length, 3);
    assert.equal(other.counters().requests, 5);
    await other.close();
    for (const socket of sockets) socket.destroy();
    flaky.close();
  });

  test('what is no HTTP is told as a wrong answer', async () => {
    const odd = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')).listen(0, '127.0.0.1');
    await once(odd, 'listening');
    const { port } = odd.address() as { port: number };
    const other = openHttpStore(`http://127.0.0.1:${port}/`);
    await assert.rejects(other.read('x'), (error) => isSatchelError(error, 'store-wrong-answer'));
    await other.close();
    odd.close();
  });

  test('a host that refuses or does not exist is unreachable', async () => {
    await server.close();
    await assert.rejects(
      store.read('x'),
      (error) => isSatchelError(error, 'store-unreachable') && error.parameters.reason === 'ECONNREFUSED',
    );
    const nowhere = openHttpStore('http://nowhere.invalid/');
    await assert.rejects(nowhere.read('x'), (error) => isSatchelError(error, 'store-unreachable'));
    await nowhere.close();
  });

  test('a cancelled read ends at once, before and in the body', async () => {
    server.setRules([{ fault: { kind: 'hang', when: 'before-head' } }]);
    const early = new AbortController();
    const reading = store.read('packs/a', { signal: early.signal });
    early.abort();
    await assert.rejects(reading, (error) => isSatchelError(error, 'cancelled'));
    server.setRules([{ fault: { kind: 'hang', when: 'in-body', after: 100_000 } }]);
    const late = new AbortController();
    const { body } = await store.read('packs/a', { signal: late.signal });
    let received = 0;
    await assert.rejects(
      async () => {
        for await (const piece of body) {
          received += piece.length;
          if (received === 100_000) late.abort();
        }
      },
      (error) => isSatchelError(error, 'cancelled'),
    );
    assert.equal(received, 100_000);
  });

  test('a wish to stop that comes as an answer ends harms nobody', async () => {
    for (let turns = 0; turns < 12; turns += 1) {
      const stop = new AbortController();
      const { body } = await store.read('packs/a', { signal: stop.signal, offset: 0, length: 1 });
      await assert.rejects(
        async () => {
          for await (const _piece of body) {
            // The answer is complete, and its connection is on its way back to where others find it.
            for (let turn = 0; turn < turns; turn += 1)
              await new Promise<void>((resolve) => process.nextTick(resolve));
            stop.abort();
          }
        },
        (error) => isSatchelError(error, 'cancelled'),
      );
      // What is thrown at the process comes with the next events.
      await new Promise((resolve) => setImmediate(resolve));
    }
  });

  test('the address is shown without a password and must be one', () => {
    assert.equal(openHttpStore('http://me:secret@host/repo').location, 'http://host/repo/');
    for (const address of ['', 'host', 'ftp://host/', 'http://', 'http://host/?q', 'http://host/#x'])
      assert.throws(
        () => openHttpStore(address),
        (error) => isSatchelError(error, 'store-address-not-usable'),
        address,
      );
  });

  test('a password in the address is sent', async () => {
    const seen: string[] = [];
    const guarded = createServer((socket) => {
      socket.once('data', (bytes) => {
        seen.push(String(bytes));
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      });
    }).listen(0, '127.0.0.1');
    await once(guarded, 'listening');
    const { port } = guarded.address() as { port: number };
    const other = openHttpStore(`http://me:secret@127.0.0.1:${port}/`);
    await readAll(other, 'x', { limit: 10 });
    assert.match(String(seen[0]), /authorization: Basic bWU6c2VjcmV0/i);
    await other.close();
    guarded.close();
  });

  test('after close the process can end, even with a body that nobody read', async () => {
    const program = `
      const { openHttpStore } = await import(${JSON.stringify(join(import.meta.dirname, 'http.ts'))});
      const store = openHttpStore(${JSON.stringify(server.url)});
      await store.read('packs/a', { signal: new AbortController().signal });
      const { body } = await store.read('packs/a');
      for await (const piece of body) break;
      await store.close();
      console.log('closed');`;
    server.setRules([{ fault: { kind: 'hang', when: 'in-body', after: 100_000 } }]);
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [closed] = (await once(child.stdout, 'data')) as [Buffer];
    assert.equal(String(closed), 'closed\n');
    const [code] = (await once(child, 'exit')) as [number];
    assert.equal(code, 0);
  });
});
