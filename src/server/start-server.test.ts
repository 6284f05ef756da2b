import assert from 'node:assert/strict';
import { Agent, get as httpGet, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { suite, test } from 'node:test';
import { exchange, rawExchange } from '../../test/doubles/http-exchange.ts';
import { metadataText, servedRepository } from '../../test/doubles/served-repository.ts';
import { isSatchelError } from '../base/errors.ts';
import type { PageData } from './page-data.ts';
import { type RunningServer, type ServerOptions, startServer } from './start-server.ts';

const data: PageData = {
  builds: [],
  costs: [{ from: 'debian-12.0', to: 'debian-12.12', bytes: 18_400_000 }],
  deltas: [],
  streams: [{ name: 'stable', head: 'debian-12.12' }],
};

/** A server over a repository of its own with its log in `lines`; everything ends with the test. */
async function running(options: Partial<ServerOptions> = {}) {
  const repository = servedRepository();
  const lines: Record<string, unknown>[] = [];
  const server: RunningServer = await startServer({
    repository: repository.directory,
    listen: { host: '127.0.0.1', port: 0 },
    log: { level: 'debug', destination: { write: (line: string) => lines.push(JSON.parse(line)) } },
    pageData: async () => data,
    ...options,
  });
  return {
    ...server,
    repository,
    lines,
    requestLines: () => lines.filter((line) => line.msg === 'request'),
    async [Symbol.asyncDispose]() {
      await server.close();
      repository[Symbol.dispose]();
    },
  };
}

suite('the page and the health check', () => {
  test('the page is HTML under a policy that forbids everything but its style', async () => {
    await using server = await running();
    const answer = await exchange(server.url, '/', { headers: { 'Accept-Language': 'es-PE' } });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(answer.headers['content-language'], 'es');
    assert.match(
      String(answer.headers['content-security-policy']),
      /^default-src 'none'; style-src 'sha256-[^']+'/,
    );
    assert.match(answer.body.toString(), /debian-12\.12/);
    const english = await exchange(server.url, '/?lang=en', { headers: { 'Accept-Language': 'es' } });
    assert.equal(english.headers['content-language'], 'en');
  });

  test('the same data comes as JSON, with the last requests of devices, the newest first', async () => {
    await using server = await running({ requestsKept: 3 });
    for (const path of [
      '/metadata/9.root.json',
      '/lite/stable',
      '/metadata/timestamp.json',
      '/metadata/1.root.json',
    ]) {
      await exchange(server.url, path);
    }
    await exchange(server.url, '/healthz');
    for (const [path, accept] of [
      ['/status.json', '*/*'],
      ['/', 'application/json'],
    ] as const) {
      const answer = await exchange(server.url, path, { headers: { Accept: accept } });
      assert.match(String(answer.headers['content-type']), /^application\/json/);
      const { requests, ...rest } = JSON.parse(answer.body.toString());
      assert.deepEqual(rest, data);
      assert.deepEqual(
        requests.map((request: { path: string }) => request.path),
        ['/metadata/1.root.json', '/metadata/timestamp.json', '/lite/stable'],
      );
    }
  });

  test('a page that cannot be read is an answer with status 503 and a line in the log', async () => {
    await using server = await running({ pageData: () => Promise.reject(new Error('torn index')) });
    assert.equal((await exchange(server.url, '/')).status, 503);
    assert.equal((await exchange(server.url, '/status.json')).status, 503);
    assert.ok(server.lines.some((line) => String(line.msg).includes('torn index')));
  });

  test('the health check follows the online metadata', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    await using server = await running({ clock: () => now });
    const healthy = await exchange(server.url, '/healthz');
    assert.equal(healthy.status, 200);
    assert.equal(healthy.body.toString(), '{"status":"ok"}');
    now = Date.parse('2099-06-01T00:00:00Z');
    const expired = await exchange(server.url, '/healthz');
    assert.equal(expired.status, 503);
    assert.equal(JSON.parse(expired.body.toString()).code, 'server-metadata-expired');
    server.repository.write('metadata/timestamp.json', '{');
    const torn = await exchange(server.url, '/healthz');
    assert.equal(JSON.parse(torn.body.toString()).code, 'server-metadata-unreadable');
  });

  test('the online metadata is renewed at start', async () => {
    let renewed = 0;
    await using server = await running({
      renew: async () => {
        renewed += 1;
        server?.repository.write('metadata/timestamp.json', metadataText(4, '2099-01-01T00:00:00Z'));
      },
    });
    assert.equal(renewed, 1);
  });
});

suite('requests that are not as they should be', () => {
  test('an unknown address and a method that changes things are refused in words', async () => {
    await using server = await running();
    const missing = await exchange(server.url, '/nothing', { headers: { 'Accept-Language': 'es' } });
    assert.equal(missing.status, 404);
    assert.equal(missing.body.toString(), 'Aquí no hay nada.\n');
    for (const path of ['/', '/nothing', '/status.json']) {
      const answer = await exchange(server.url, path, { method: 'POST', body: '{}' });
      assert.equal(answer.status, 405, path);
      assert.equal(answer.headers.allow, 'GET, HEAD');
    }
  });

  test('bytes that are no HTTP are refused, and the next client is served', async () => {
    await using server = await running();
    const line = 'GET /metadata/timestamp.json HTTP/1.1\r\n';
    for (const [bytes, status] of [
      ['nonsense\r\n\r\n', '400'],
      ['\0\0\0\0\r\n\r\n', '400'],
      [`${line}\r\n`, '400'],
      [`${line}Host: x\r\nContent-Length: -1\r\n\r\n`, '400'],
      [`${line}Host: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`, '400'],
      [`${line}Host: x\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`, '431'],
      ['GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', '400'],
      ['GET /metadata/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', '404'],
      ['GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', '400'],
      ['OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', '400'],
      ['PROPFIND / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', '405'],
      ['GET http://x/metadata/1.root.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', '200'],
      ['GET http://x/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', '200'],
      ['GET /metadata/1.root.json HTTP/1.0\r\n\r\n', '200'],
      [`GET /${'a'.repeat(9000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, '404'],
    ] as const) {
      const answer = await rawExchange(server.url, bytes);
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status}`), bytes.slice(0, 60));
    }
    await rawExchange(server.url, 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.equal((await exchange(server.url, '/healthz')).status, 200);
    assert.ok(server.lines.every((entry) => entry.msg !== 'bug'));
  });

  test('a body that nobody asked for does not disturb the next request on the connection', async () => {
    await using server = await running();
    const body = 'GET /keys HTTP/1.1\r\n\r\n';
    const first = `GET /lite/stable HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const second = 'GET /metadata/1.root.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    const answers = await rawExchange(server.url, first + second);
    assert.equal(answers.match(/^HTTP\/1\.1 200 OK/gm)?.length, 2);
  });
});

suite('the log', () => {
  test('each request is one line with what was asked, answered and sent', async () => {
    await using server = await running();
    const { pack } = server.repository;
    await exchange(server.url, `${pack.path}?x=1`, { headers: { Range: 'bytes=0-99' } });
    await exchange(server.url, '/metadata/9.root.json', { method: 'HEAD' });
    const page = await exchange(server.url, '/');
    const [part, head, html] = server.requestLines();
    assert.ok(part && head && html);
    const { time, received, address, ms, level, ...rest } = part;
    assert.deepEqual(rest, {
      method: 'GET',
      path: pack.path,
      status: 206,
      bytes: 100,
      range: 'bytes=0-99',
      msg: 'request',
    });
    assert.equal(typeof ms, 'number');
    assert.equal(address, '127.0.0.1');
    assert.equal(level, 'info');
    assert.deepEqual([head.method, head.status, head.bytes], ['HEAD', 404, 0]);
    assert.deepEqual([html.path, html.status, html.bytes], ['/', 200, page.body.length]);
  });

  test('an answer that its client gave up is marked as aborted', async () => {
    await using server = await running();
    const path = `/packs/${'c'.repeat(64)}.pack`;
    server.repository.write(path.slice(1), Buffer.alloc(30_000_000));
    const response = await begin(server.url, path);
    response.destroy();
    await server.close();
    const line = server.requestLines().find((entry) => entry.path === path);
    assert.equal(line?.aborted, true);
    assert.ok(Number(line?.bytes) < 30_000_000);
  });
});

suite('starting and stopping', () => {
  test('an address that is taken, or not of this machine, is said in a sentence', async () => {
    await using server = await running();
    const port = Number(new URL(server.url).port);
    const startAt = (host: string, port: number) =>
      startServer({
        repository: server.repository.directory,
        listen: { host, port },
        log: { level: 'silent' },
        pageData: async () => data,
      });
    await assert.rejects(startAt('127.0.0.1', port), (error) =>
      isSatchelError(error, 'server-address-in-use'),
    );
    await assert.rejects(startAt('192.0.2.1', 0), (error) =>
      isSatchelError(error, 'server-address-unavailable'),
    );
  });

  test('stopping closes idle connections and refuses new ones', async () => {
    await using server = await running();
    const { port } = new URL(server.url);
    const idle = connect(Number(port), '127.0.0.1');
    const ended = new Promise((resolve) => idle.once('close', resolve));
    idle.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise((resolve) => idle.once('data', resolve));
    await server.close();
    await ended;
    await assert.rejects(exchange(server.url, '/healthz'));
  });

  test('stopping lets a running answer finish, and then closes its connection', async () => {
    await using server = await running();
    const path = `/packs/${'c'.repeat(64)}.pack`;
    server.repository.write(path.slice(1), Buffer.alloc(30_000_000, 1));
    const agent = new Agent({ keepAlive: true });
    const response = await begin(server.url, path, agent);
    const closing = server.close();
    let received = 0;
    for await (const piece of response) received += (piece as Buffer).length;
    assert.equal(received, 30_000_000);
    await closing;
    agent.destroy();
  });

  test('an answer that does not finish before the deadline is cut', async () => {
    await using server = await running({ stopDeadline: 20 });
    const path = `/packs/${'c'.repeat(64)}.pack`;
    server.repository.write(path.slice(1), Buffer.alloc(30_000_000, 1));
    const response = await begin(server.url, path);
    await server.close();
    await assert.rejects(
      response.forEach(() => {}),
      /aborted|ECONNRESET/,
    );
  });
});

/** A request whose answer has begun and is not read yet. */
function begin(url: string, path: string, agent: Agent | false = false): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    httpGet(`${url}${path}`, { agent }, resolve).on('error', reject);
  });
}
