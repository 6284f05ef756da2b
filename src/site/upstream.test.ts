import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { type FaultRule, startFaultServer } from '../../test/doubles/fault-server.ts';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { readDataCount } from '../device/data-account.ts';
import { readAll } from '../store/read-all.ts';
import { type SiteLayout, siteLayout } from './layout.ts';
import type { SiteSettings } from './settings.ts';
import { openUpstream } from './upstream.ts';
import { causedBy } from './upstream-via.ts';

const scratch = scratchFolder('upstream');
after(() => scratch.remove());

const id = '0123456789abcdef';
const start = Date.parse('2026-01-15T12:00:00Z');
const limit = 10_000_000;
let number = 0;

function newLayout(): SiteLayout {
  number += 1;
  const layout = siteLayout(scratch.file(`site-${number}`));
  mkdirSync(layout.directory, { mode: 0o700 });
  return layout;
}

/** A site below a server that has files of some sizes, at which anything can go wrong. */
async function below(
  context: TestContext,
  rules: readonly FaultRule[],
  settings: Partial<Pick<SiteSettings, 'monthlyBytes' | 'credential'>> = {},
) {
  const layout = newLayout();
  const files = scratch.file(`files-${number}`);
  mkdirSync(join(files, 'packs'), { recursive: true });
  writeFileSync(join(files, 'packs/small'), Buffer.alloc(10, 1));
  writeFileSync(join(files, 'packs/large'), Buffer.alloc(1_000_000, 2));
  const server = await startFaultServer(files, rules);
  context.after(() => server.close());
  const time = { now: 0, slept: [] as number[] };
  const upstream = await openUpstream(
    layout,
    { id, upstream: server.url, ...settings },
    {
      clock: () => start + time.now,
      time: {
        now: () => time.now,
        random: () => 1,
        async sleep(milliseconds) {
          time.slept.push(milliseconds);
          time.now += milliseconds;
        },
      },
    },
  );
  context.after(() => upstream.close());
  return { server, layout, upstream, time };
}

test('every byte counts for the month, headers too', async (context) => {
  const { layout, upstream } = await below(context, []);
  assert.equal((await readAll(upstream, 'packs/large', { limit })).length, 1_000_000);
  const { bytes } = readDataCount(layout, start);
  assert.ok(bytes > 1_000_000 && bytes < 1_001_000, String(bytes));
  assert.equal(upstream.month()?.bytes, bytes);
  assert.equal(upstream.counters().requests, 1);
  assert.ok((upstream.link().rate?.bytesPerSecond ?? 0) > 0);
});

test('the budget of the month is law', async (context) => {
  const { upstream, server } = await below(context, [], { monthlyBytes: 300_000 });
  await assert.rejects(readAll(upstream, 'packs/large', { limit }), { code: 'site-month-spent' });
  await assert.rejects(readAll(upstream, 'packs/small', { limit }), { code: 'site-month-spent' });
  await assert.rejects(upstream.request({ method: 'GET', path: 'api/v1/place' }), {
    code: 'site-month-spent',
  });
  assert.equal(server.requests.length, 1);
  assert.equal(upstream.isDown(), false);
});

test('after a failure it is left alone, fails at once meanwhile, and comes back', async (context) => {
  const { upstream, server, time } = await below(context, [
    { pattern: '.', times: 2, fault: { kind: 'reset', after: 0 } },
  ]);
  const read = () => readAll(upstream, 'packs/small', { limit });
  await assert.rejects(read(), { code: 'store-unreachable' });
  assert.equal(upstream.isDown(), true);
  assert.equal(upstream.link().failures, 1);
  assert.equal(upstream.link().lastFailure?.code, 'store-unreachable');
  await assert.rejects(read(), { code: 'site-upstream-down' });
  assert.equal(server.requests.length, 1);
  await upstream.untilTry();
  await assert.rejects(read(), { code: 'store-unreachable' });
  await upstream.untilTry();
  assert.equal((await read()).length, 10);
  assert.deepEqual(time.slept, [1000, 2000]);
  assert.deepEqual([upstream.isDown(), upstream.link().downSince], [false, undefined]);
});

test('a file that is out of order there does not take the others with it', async (context) => {
  const { upstream, server } = await below(context, [
    { path: '/packs/large', fault: { kind: 'status', status: 503 } },
  ]);
  await assert.rejects(readAll(upstream, 'packs/large', { limit }), { code: 'store-unreachable' });
  await assert.rejects(readAll(upstream, 'packs/large', { limit }), { code: 'site-upstream-down' });
  assert.deepEqual([upstream.isDown('packs/large'), upstream.isDown()], [true, false]);
  assert.equal((await readAll(upstream, 'packs/small', { limit })).length, 10);
  assert.equal(server.requests.length, 2);
  await upstream.untilTry('packs/large');
  server.setRules([]);
  assert.equal((await readAll(upstream, 'packs/large', { limit })).length, 1_000_000);
  assert.equal(upstream.isDown('packs/large'), false);
});

test('a cut in the middle closes nothing: the rest may be asked for at once', async (context) => {
  const { upstream } = await below(context, [
    { path: '/packs/large', times: 1, fault: { kind: 'reset', after: 100_000 } },
  ]);
  const { body } = await upstream.read('packs/large');
  let received = 0;
  await assert.rejects(async () => {
    for await (const piece of body) received += piece.length;
  });
  assert.ok(received > 0);
  assert.equal(upstream.isDown(), false);
  const rest = await upstream.read('packs/large', { offset: received });
  for await (const piece of rest.body) received += piece.length;
  assert.equal(received, 1_000_000);
});

test('what is not there is an answer like any other', async (context) => {
  const { upstream } = await below(context, []);
  await assert.rejects(readAll(upstream, 'packs/none', { limit }), { code: 'store-not-found' });
  assert.equal(upstream.isDown('packs/none'), false);
});

/** A place that keeps the heads of what it was asked, and answers what the test says. */
async function place(context: TestContext, answer: { status: number; body: string }) {
  const seen: { headers: IncomingMessage['headers']; method: string; url: string; body: string }[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request)).toString('utf8');
    seen.push({ headers: request.headers, method: request.method ?? '', url: request.url ?? '', body });
    response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  context.after(() => server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  const settings = { id, upstream: `http://127.0.0.1:${port}/below`, credential: 'secret' };
  const upstream = await openUpstream(newLayout(), settings, { clock: () => start });
  context.after(() => upstream.close());
  return { upstream, seen };
}

test('the API is asked with the credential, files without; both say who asks', async (context) => {
  const { upstream, seen } = await place(context, { status: 200, body: '{"stored":1}' });
  const answer = await upstream.request({ method: 'POST', path: 'api/v1/reports', body: '{"reports":[]}' });
  assert.equal(answer.status, 200);
  assert.equal(Buffer.from(answer.body).toString(), '{"stored":1}');
  await causedBy(['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb'], () =>
    readAll(upstream, 'metadata/timestamp.json', { limit }),
  );
  const [asked, read] = seen;
  assert.deepEqual(
    [asked?.method, asked?.url, asked?.body],
    ['POST', '/below/api/v1/reports', '{"reports":[]}'],
  );
  assert.equal(asked?.headers.authorization, 'Bearer secret');
  assert.equal(asked?.headers['content-type'], 'application/json');
  assert.equal(asked?.headers['satchel-via'], id);
  assert.equal(read?.headers.authorization, undefined);
  assert.equal(read?.headers['satchel-via'], `${id}, aaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbb`);
});

test('a refusal is an answer; a loop is told as one, before and after asking', async (context) => {
  const refused = await place(context, { status: 403, body: '{}' });
  assert.equal((await refused.upstream.request({ method: 'GET', path: 'api/v1/place' })).status, 403);
  const looped = await place(context, { status: 508, body: '' });
  await assert.rejects(readAll(looped.upstream, 'packs/a', { limit }), { code: 'site-loop' });
  await assert.rejects(
    causedBy([id], () => readAll(looped.upstream, 'packs/a', { limit })),
    { code: 'site-loop' },
  );
  assert.equal(looped.seen.length, 1);
  assert.equal(looped.upstream.isDown(), false);
});

test('a directory costs nothing and answers no questions', async (context) => {
  const files = scratch.file('directory');
  mkdirSync(files);
  writeFileSync(join(files, 'a'), 'content');
  const upstream = await openUpstream(newLayout(), { id, upstream: files }, { clock: () => start });
  context.after(() => upstream.close());
  assert.equal((await readAll(upstream, 'a', { limit })).toString(), 'content');
  assert.deepEqual([upstream.hasApi, upstream.month()], [false, undefined]);
  await assert.rejects(upstream.request({ method: 'GET', path: 'api/v1/place' }), {
    code: 'site-upstream-without-api',
  });
});
