import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { suite, test } from 'node:test';
import { exchange } from '../../test/doubles/http-exchange.ts';
import { servedRepository } from '../../test/doubles/served-repository.ts';
import { when } from '../../test/doubles/when.ts';
import { SatchelError } from '../base/errors.ts';
import type { Elsewhere } from './elsewhere.ts';
import { type ServedSite, startServer } from './start-server.ts';

const name = `packs/${'d'.repeat(64)}.pack`;
const path = `/${name}`;
const bytes = randomBytes(700_000);

/** A site whose files come from `open`. */
async function site(open: Elsewhere['open'], freshen: Elsewhere['freshen'] = async () => {}) {
  const repository = servedRepository();
  const lines: Record<string, unknown>[] = [];
  const server = await startServer({
    repository: repository.directory,
    listen: { host: '127.0.0.1', port: 0 },
    log: { destination: { write: (line: string) => lines.push(JSON.parse(line)) } },
    pageData: async () => ({ builds: [], costs: [], deltas: [], streams: [] }),
    site: {
      id: '0123456789abcdef',
      elsewhere: { open, freshen },
      view: () => Promise.reject(new Error('no page here')),
    } satisfies ServedSite,
  });
  return {
    url: server.url,
    repository,
    lines,
    get: (headers: Record<string, string> = {}, method = 'GET') =>
      exchange(server.url, path, { headers, method }),
    async [Symbol.asyncDispose]() {
      await server.close();
      repository[Symbol.dispose]();
    },
  };
}

/** A file that comes in pieces; `closed` counts. */
function arriving(content: Buffer, piece = 50_000) {
  const state = { opened: 0, closed: 0, read: 0 };
  const open: Elsewhere['open'] = async () => {
    state.opened += 1;
    return {
      size: content.length,
      async *read({ offset, length }) {
        for (let at = offset; at < offset + length; at += piece) {
          const next = Buffer.from(content.subarray(at, Math.min(at + piece, offset + length)));
          state.read += next.length;
          yield next;
        }
      },
      close() {
        state.closed += 1;
      },
    };
  };
  return { state, open };
}

suite('files that come from elsewhere', () => {
  test('the answer has the same head as one from the disk, and all the bytes', async () => {
    const { open, state } = arriving(bytes);
    await using server = await site(open);
    const answer = await server.get();
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.etag, `"${'d'.repeat(64)}"`);
    assert.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.equal(answer.headers['accept-ranges'], 'bytes');
    assert.equal(answer.headers['content-length'], String(bytes.length));
    assert.ok(answer.body.equals(bytes));
    assert.deepEqual([state.opened, state.closed], [1, 1]);
  });

  test('a part is asked for as a part, and only that is read', async () => {
    const { open, state } = arriving(bytes);
    await using server = await site(open);
    const answer = await server.get({ Range: 'bytes=600000-600099' });
    assert.equal(answer.status, 206);
    assert.equal(answer.headers['content-range'], 'bytes 600000-600099/700000');
    assert.ok(answer.body.equals(bytes.subarray(600_000, 600_100)));
    assert.equal(state.read, 100);
    assert.equal((await server.get({ Range: 'bytes=700000-' })).status, 416);
    assert.equal((await server.get({ 'If-None-Match': `"${'d'.repeat(64)}"` })).status, 304);
    assert.equal((await server.get({}, 'HEAD')).status, 200);
    assert.equal(state.read, 100);
    assert.equal(state.closed, state.opened);
  });

  test('what lies on the disk is served from there, and what changes is brought up to date first', async () => {
    const asked: string[] = [];
    await using server = await site(
      async () => undefined,
      async (file) => {
        asked.push(file);
      },
    );
    const { pack } = server.repository;
    assert.ok((await exchange(server.url, pack.path)).body.equals(pack.bytes));
    assert.equal((await exchange(server.url, '/metadata/timestamp.json')).status, 200);
    assert.deepEqual(asked, ['metadata/timestamp.json']);
    // Removed between two looks: not absent for ever.
    const gone = await server.get();
    assert.equal(gone.status, 503);
    assert.equal(gone.headers['retry-after'], '5');
  });

  test('why it cannot be had is a status and a sentence in the language of the reader', async () => {
    let failure = new SatchelError('store-unreachable', { location: 'http://x/', name, reason: 'down' });
    await using server = await site(() => Promise.reject(failure));
    const down = await server.get({ 'Accept-Language': 'es' });
    assert.equal(down.status, 503);
    assert.equal(down.headers['retry-after'], '30');
    assert.match(down.body.toString(), /http:\/\/x\//);
    assert.ok(server.lines.some((line) => line.code === 'store-unreachable'));
    failure = new SatchelError('store-stalled', { location: 'http://x/', name, seconds: 30 });
    assert.equal((await server.get()).status, 504);
    failure = new SatchelError('store-not-found', { location: 'http://x/', name });
    assert.equal((await server.get()).status, 404);
    failure = new SatchelError('site-loop', {});
    assert.equal((await server.get()).status, 508);
  });

  test('a site that asks nobody does not let others wait, and says why', async () => {
    const failure = new SatchelError('site-offline', { name });
    await using server = await site(() => Promise.reject(failure));
    const answer = await server.get();
    assert.equal(answer.status, 404);
    assert.equal(answer.headers['retry-after'], undefined);
    assert.equal(answer.headers['satchel-reason'], 'site-offline');
    assert.match(answer.body.toString(), /--offline/);
    assert.ok(server.lines.some((line) => line.code === 'site-offline'));
  });

  test('a failure before the first byte is still a status, one after it cuts the connection', async () => {
    let before = 0;
    const open: Elsewhere['open'] = async () => ({
      size: 1000,
      async *read() {
        if (before > 0) yield Buffer.alloc(before);
        throw new SatchelError('store-unreachable', { location: 'x', name, reason: 'cut' });
      },
      close() {},
    });
    await using server = await site(open);
    assert.equal((await server.get()).status, 503);
    before = 400;
    await assert.rejects(server.get(), /aborted|ECONNRESET|hang up/);
  });

  test('a client that does not read holds one piece, and one that goes away ends the reading', async () => {
    const large = Buffer.alloc(30_000_000);
    const { open, state } = arriving(large, 100_000);
    await using server = await site(open);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      httpGet(`${server.url}${path}`, { agent: false }, resolve).on('error', reject);
    });
    response.pause();
    await when(() => state.read > 0);
    assert.ok(state.read < large.length);
    response.destroy();
    await when(() => state.closed === 1);
    assert.ok(state.read < large.length);
  });

  test('a request that has come through this place, or through too many, is refused', async () => {
    const { open, state } = arriving(bytes);
    await using server = await site(open);
    assert.equal((await server.get({ 'Satchel-Via': 'fedcba9876543210' })).status, 200);
    for (const via of ['fedcba9876543210, 0123456789abcdef', Array(16).fill('a').join(', ')]) {
      const answer = await server.get({ 'Satchel-Via': via });
      assert.equal(answer.status, 508);
      assert.match(answer.body.toString(), /circle/);
    }
    assert.equal(state.opened, 1);
  });
});
