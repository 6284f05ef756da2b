import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, suite, test } from 'node:test';
import { type Fault, type FaultServer, startFaultServer } from '../../test/doubles/fault-server.ts';
import { type Scratch, scratchFolder } from '../../test/doubles/scratch.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { openHttpStore } from './http.ts';
import { openSourceStore } from './open.ts';
import { readAll } from './read-all.ts';
import { readResuming } from './retry.ts';

const content = randomBytes(50_000);
const plain = { 'Content-Type': 'text/plain; charset=utf-8' };
const sentence = 'The upstream http://o/ is out of reach; it is asked again in 79 seconds.';

suite('a place that says why it does not give a file', () => {
  let scratch: Scratch;
  let server: FaultServer;
  before(async () => {
    scratch = scratchFolder('http-said');
    writeFileSync(scratch.file('a'), content);
    server = await startFaultServer(scratch.path);
  });
  after(async () => {
    await server.close();
    scratch.remove();
  });
  let pauses: number[];
  beforeEach(() => {
    pauses = [];
  });
  const sleep = async (milliseconds: number) => {
    pauses.push(milliseconds);
  };
  const answers = (fault: Omit<Extract<Fault, { kind: 'status' }>, 'kind'>, times?: number) =>
    server.setRules([{ fault: { kind: 'status', ...fault }, ...(times === undefined ? {} : { times }) }]);
  const read = async () => {
    const store = await openSourceStore(server.url);
    try {
      const pieces: Uint8Array[] = [];
      for await (const piece of readResuming(store, 'a', { sleep, random: () => 1 })) pieces.push(piece);
      return Buffer.concat(pieces);
    } finally {
      await store.close();
    }
  };
  const failure = async () => {
    try {
      await read();
    } catch (error) {
      assert.ok(error instanceof SatchelError, String(error));
      return error;
    }
    return assert.fail('it was given');
  };

  test('is quoted at once when it wants to be left alone for long', async () => {
    for (const status of [503, 504]) {
      answers({ status, headers: { ...plain, 'Retry-After': '79' }, text: `${sentence}\n` });
      const { code, parameters, exitCode, message } = await failure();
      assert.equal(code, 'source-has-not-yet');
      assert.equal(exitCode, 1);
      assert.deepEqual(parameters, {
        location: server.url,
        name: 'a',
        said: sentence,
        retryAfter: 79,
      });
      assert.equal(message, `${server.url} cannot give a now: ${sentence}`);
    }
    assert.deepEqual(pauses, []);
  });

  test('is asked again when it wants to be left alone for a moment, and quoted in the end', async () => {
    const fault = { status: 503, headers: { ...plain, 'Retry-After': '2' }, text: sentence };
    answers(fault, 2);
    assert.deepEqual(await read(), content);
    assert.deepEqual(pauses, [2000, 2000]);
    answers(fault);
    assert.equal((await failure()).code, 'source-has-not-yet');
  });

  test('and will never have it: nobody waits', async () => {
    answers({
      status: 404,
      headers: { ...plain, 'Satchel-Reason': 'site-offline' },
      text: 'I ask nobody.\n',
    });
    const { code, parameters, message } = await failure();
    assert.equal(code, 'source-has-not');
    assert.equal(parameters.said, 'I ask nobody.');
    assert.equal(message, `${server.url} does not have a: I ask nobody.`);
    assert.deepEqual(pauses, []);
  });

  test('is quoted by whoever reads without patience too', async () => {
    answers({ status: 503, headers: { ...plain, 'Retry-After': '1' }, text: sentence });
    const store = await openSourceStore(server.url);
    await assert.rejects(readAll(store, 'a', { limit: 100_000 }), { code: 'source-has-not-yet' });
    await store.close();
  });

  test('stays a status with its sentence for a place that asks on behalf of others', async () => {
    answers({ status: 503, headers: { ...plain, 'Retry-After': '79' }, text: sentence });
    const store = openHttpStore(server.url);
    await assert.rejects(store.read('a'), {
      code: 'store-unreachable',
      parameters: { location: server.url, name: 'a', reason: 'HTTP 503', retryAfter: 79, said: sentence },
    });
    await store.close();
  });

  test('is quoted on one short line that no terminal obeys', async () => {
    const headers = { ...plain, 'Retry-After': '79' };
    const said = async (text: string) => {
      answers({ status: 503, headers, text });
      return (await failure()).parameters.said;
    };
    assert.equal(await said('one\r\n\ttwo \u001b[2Jthree\u202e'), 'one two [2Jthree.');
    const long = String(await said('é'.repeat(3000)));
    assert.equal(long, `${'é'.repeat(299)}…`);
    assert.equal(String(await said('x'.repeat(5_000_000))).length, 300);
  });

  test('in a page, or with nothing, is a server out of order as ever', async () => {
    for (const [headers, text] of [
      [{ 'Content-Type': 'text/html', 'Retry-After': '79' }, '<p>Sorry'],
      [{ ...plain, 'Retry-After': '79' }, ' \n'],
      [plain, 'no healthy upstream'],
    ] as const) {
      answers({ status: 503, headers, text }, 1);
      assert.deepEqual(await read(), content);
      assert.equal(pauses.length, 1);
      pauses = [];
    }
    answers({ status: 404, headers: plain, text: 'not found\n' });
    assert.equal((await failure()).code, 'store-not-found');
  });

  test('is asked to say it in the language of the person here', async () => {
    const heard: unknown[] = [];
    const listener = createServer((request, response) => {
      heard.push(request.headers['accept-language']);
      response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const before = process.env.SATCHEL_LANG;
    process.env.SATCHEL_LANG = 'es';
    try {
      const store = await openSourceStore(`http://127.0.0.1:${port}/`);
      await assert.rejects(store.read('a'), (error) => isSatchelError(error, 'store-not-found'));
      await store.close();
      assert.deepEqual(heard, ['es']);
    } finally {
      if (before === undefined) delete process.env.SATCHEL_LANG;
      else process.env.SATCHEL_LANG = before;
      listener.close();
    }
  });
});
