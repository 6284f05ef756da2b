import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { exchange, rawExchange } from '../../test/doubles/http-exchange.ts';
import { servedRepository } from '../../test/doubles/served-repository.ts';
import { SatchelError } from '../base/errors.ts';
import type { Api } from './api.ts';
import { startServer } from './start-server.ts';

const json = { 'Content-Type': 'application/json' };

/** A server whose API is this; the bodies that came are kept. */
async function serving(given: Partial<Api> = {}) {
  const repository = servedRepository();
  const bodies: { body: unknown; site: string | undefined }[] = [];
  const api: Api = {
    place: async () => ({ kind: 'origin', id: 'ab12', name: 'here', chain: ['ab12'] }),
    siteOf: async (credential) => (credential === 'right' ? '0123456789abcdef' : undefined),
    async storeReports(body, { site }) {
      bodies.push({ body, site });
      return { stored: 1, known: 0 };
    },
    admitSite: async () => ({ credential: 'secret' }),
    ...given,
  };
  const server = await startServer({
    repository: repository.directory,
    listen: { host: '127.0.0.1', port: 0 },
    log: { level: 'silent' },
    pageData: async () => ({ builds: [], costs: [], deltas: [], streams: [] }),
    api,
  });
  return {
    url: server.url,
    bodies,
    async post(path: string, body: string, headers: Record<string, string> = json) {
      const length = { 'Content-Length': String(Buffer.byteLength(body)) };
      const answer = await exchange(server.url, path, {
        method: 'POST',
        headers: { ...length, ...headers },
        body,
      });
      assert.match(String(answer.headers['content-type']), /^application\/json/);
      return { ...answer, json: JSON.parse(answer.body.toString()) };
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      repository[Symbol.dispose]();
    },
  };
}

suite('what places tell each other', () => {
  test('a place says who it is', async () => {
    await using server = await serving();
    const answer = await exchange(server.url, '/api/v1/place');
    assert.deepEqual(JSON.parse(answer.body.toString()), {
      ...{ satchel: 'place', format: 1, kind: 'origin', id: 'ab12', name: 'here' },
      chain: ['ab12'],
    });
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal((await exchange(server.url, '/api/v1/nothing')).status, 404);
  });

  test('reports are stored, with the site that sent them when its credential is known', async () => {
    await using server = await serving();
    const first = await server.post('/api/v1/reports', '{"reports":[1]}');
    assert.deepEqual([first.status, first.json], [200, { stored: 1, known: 0 }]);
    await server.post('/api/v1/reports', '{"reports":[2]}', { ...json, Authorization: 'Bearer right' });
    assert.deepEqual(server.bodies, [
      { body: { reports: [1] }, site: undefined },
      { body: { reports: [2] }, site: '0123456789abcdef' },
    ]);
    const joined = await server.post('/api/v1/sites', '{"token":"t","site":{}}');
    assert.deepEqual(joined.json, { credential: 'secret' });
  });

  test('whoever brings a wrong credential, or says it in another way, is told so', async () => {
    await using server = await serving();
    for (const Authorization of ['Bearer wrong', 'Basic abc', `Bearer ${'x'.repeat(300)}`]) {
      const answer = await server.post('/api/v1/reports', '{}', { ...json, Authorization });
      assert.equal(answer.status, 403);
      assert.equal(answer.json.code, 'site-credential-unknown');
    }
    assert.equal(server.bodies.length, 0);
  });

  test('a megabyte is refused by its stated length before it is read; a site may send four', async () => {
    await using server = await serving();
    const head = (length: number, more = '') =>
      `POST /api/v1/reports HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${more}Content-Length: ${length}\r\n\r\n`;
    for (const [bytes, status] of [
      [head(1024 * 1024), 413],
      [head(5 * 1024 * 1024, 'Authorization: Bearer right\r\n'), 413],
      [
        'POST /api/v1/reports HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
        411,
      ],
    ] as const) {
      // Not a byte of the body is sent, and the answer comes nevertheless.
      const answer = await rawExchange(server.url, bytes);
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status}`));
      assert.match(answer, /"code":"answer-(body-too-long|length-required)"/);
    }
    const large = JSON.stringify({ reports: 'x'.repeat(1_000_000) });
    const answer = await server.post('/api/v1/reports', large, { ...json, Authorization: 'Bearer right' });
    assert.equal(answer.status, 200);
  });

  test('whoever sends more than his share waits; a site that has joined, and others, do not', async () => {
    await using server = await serving();
    const body = JSON.stringify({ reports: 'x'.repeat(200_000) });
    const from = async (localAddress: string, more = {}) => {
      const headers = { ...json, 'Content-Length': String(body.length), ...more };
      const answer = await exchange(server.url, '/api/v1/reports', {
        ...{ method: 'POST', headers, body, localAddress },
      });
      return [answer.status, Number(answer.headers['retry-after'] ?? 0)];
    };
    for (let time = 0; time < 5; time += 1) assert.deepEqual(await from('127.0.0.2'), [200, 0]);
    const [status, retryAfter = 0] = await from('127.0.0.2');
    assert.equal(status, 503);
    assert.ok(retryAfter > 1000, String(retryAfter));
    assert.deepEqual(await from('127.0.0.3'), [200, 0]);
    assert.deepEqual(await from('127.0.0.2', { Authorization: 'Bearer right' }), [200, 0]);
    assert.equal(server.bodies.length, 7);
  });

  test('nonsense is refused in one sentence of the reader’s language', async () => {
    await using server = await serving();
    const nonsense: [string, Record<string, string>][] = [
      ['{', json],
      ['{"a":1', json],
      ['', json],
      ['{"__proto__":{"a":1}}', json],
      ['a=1', { 'Content-Type': 'application/x-www-form-urlencoded' }],
      ['<x/>', { 'Content-Type': 'text/xml' }],
    ];
    for (const [body, headers] of nonsense) {
      const answer = await server.post('/api/v1/reports', body, { ...headers, 'Accept-Language': 'es' });
      assert.equal(answer.status, 400, body);
      assert.deepEqual(answer.json, { code: 'answer-bad-request', message: 'No se entendió el pedido.' });
    }
    assert.equal(server.bodies.length, 0);
  });

  test('what the place says against it is the answer', async () => {
    let failure: Error = new SatchelError('record-invalid', { what: 'reports', field: 'disk' });
    await using server = await serving({
      storeReports: () => Promise.reject(failure),
      admitSite: () => Promise.reject(failure),
    });
    const refused = await server.post('/api/v1/reports', '{}');
    assert.equal(refused.status, 400);
    assert.match(refused.json.message, /disk/);
    for (const code of [
      'site-token-unknown',
      'site-token-used',
      'site-token-revoked',
      'site-token-expired',
    ] as const) {
      failure = new SatchelError(code);
      const answer = await server.post('/api/v1/sites', '{}');
      assert.deepEqual([answer.status, answer.json.code], [403, code]);
    }
    failure = new SatchelError('disk-full', { path: '/x' });
    const full = await server.post('/api/v1/reports', '{}');
    assert.deepEqual([full.status, full.headers['retry-after']], [503, '30']);
    failure = new Error('a bug');
    assert.equal((await server.post('/api/v1/reports', '{}')).status, 500);
  });

  test('other methods are refused, and a server without the API has none of its addresses', async () => {
    await using server = await serving();
    assert.equal((await exchange(server.url, '/api/v1/reports', { method: 'DELETE' })).status, 405);
    assert.equal(
      (await exchange(server.url, '/', { method: 'POST', headers: json, body: '{}' })).status,
      405,
    );
  });
});
