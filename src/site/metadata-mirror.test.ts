import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { after, type TestContext, test } from 'node:test';
import { type FaultRule, startFaultServer } from '../../test/doubles/fault-server.ts';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { openDirectoryStore } from '../store/directory.ts';
import { openTrustClient } from '../trust/client.ts';
import { forged, makeRepository, type TestRepository } from '../trust/test-repository.ts';
import { siteLayout } from './layout.ts';
import { readLinkState } from './link-file.ts';
import { createMetadataMirror } from './metadata-mirror.ts';
import { openUpstream } from './upstream.ts';
import { causedBy } from './upstream-via.ts';

const scratch = scratchFolder('metadata');
after(() => scratch.remove());
let number = 0;

/** A copy of a store as a directory, as it is now. */
async function lay(repository: TestRepository, directory: string): Promise<void> {
  rmSync(directory, { recursive: true, force: true });
  const copy = openDirectoryStore(directory);
  for await (const { name } of repository.store.list('')) {
    const bytes = Buffer.concat(await Array.fromAsync((await repository.store.read(name)).body));
    await copy.put(name, bytes);
  }
}

/** A site below a web server that can go wrong. */
async function below(context: TestContext, rules: readonly FaultRule[] = []) {
  number += 1;
  const repository = await makeRepository();
  const served = scratch.file(`origin-${number}`);
  await lay(repository, served);
  const server = await startFaultServer(served, rules);
  context.after(() => server.close());
  const layout = siteLayout(scratch.file(`site-${number}`));
  mkdirSync(layout.directory, { mode: 0o700 });
  const clock = () => repository.clock.now;
  const { store } = repository;
  const root = Buffer.concat(await Array.fromAsync((await store.read('metadata/1.root.json')).body));
  await openTrustClient({ directory: layout.trust, store, clock }).pin(root);
  const time = { now: 0 };
  const gateTime = { now: () => time.now, random: () => 1, sleep: async () => undefined };
  const settings = { id: '0123456789abcdef', upstream: server.url };
  const upstream = await openUpstream(layout, settings, { clock, time: gateTime });
  const mirror = createMetadataMirror({
    ...{ layout, upstream, clock },
    settings: () => ({ fresh: 30 }),
    now: () => time.now,
  });
  context.after(async () => {
    await mirror.close();
    await upstream.close();
  });
  const versionHere = async () => {
    const client = openTrustClient({ directory: layout.trust, store, clock });
    return client.judge().versions.timestamp;
  };
  const publish = async (name: string) => {
    await repository.publish(name);
    await lay(repository, served);
  };
  return { repository, served, server, layout, upstream, mirror, time, versionHere, publish };
}

test('the upstream is asked for news once in a while, however many devices ask', async (context) => {
  const { mirror, server, time, publish, versionHere } = await below(context);
  await Promise.all(Array.from({ length: 20 }, () => mirror.fresh('metadata/timestamp.json')));
  const first = server.requests.length;
  const before = await versionHere();
  await publish('b');
  await mirror.fresh('metadata/timestamp.json');
  assert.equal(server.requests.length, first);
  time.now += 30_001;
  await mirror.fresh('metadata/timestamp.json');
  assert.ok(server.requests.length > first);
  // On a busy machine the device may have waited long enough before the news were here.
  await mirror.refresh();
  assert.notEqual(await versionHere(), before);
});

test('news that nobody waits for are asked for as often', async (context) => {
  const { mirror, server, time, publish, versionHere } = await below(context);
  await mirror.refresh();
  const before = await versionHere();
  await publish('b');
  const asked = server.requests.length;
  mirror.freshInBackground();
  assert.equal(server.requests.length, asked, 'it was just asked');
  time.now += 30_001;
  for (let laptop = 0; laptop < 20; laptop += 1) mirror.freshInBackground();
  await mirror.refresh();
  assert.notEqual(await versionHere(), before);
  const needed = server.requests.length;
  mirror.freshInBackground();
  await mirror.fresh();
  assert.equal(server.requests.length, needed);
  server.setRules([{ pattern: '.', fault: { kind: 'reset', after: 0 } }]);
  time.now += 30_001;
  mirror.freshInBackground();
  await mirror.refresh().catch(() => undefined);
  const failed = server.requests.length;
  for (let laptop = 0; laptop < 20; laptop += 1) mirror.freshInBackground();
  await mirror.fresh();
  assert.equal(server.requests.length, failed);
});

test('a dead upstream makes nobody wait, and is told of in the status', async (context) => {
  const { mirror, server, time, layout } = await below(context);
  await mirror.refresh();
  server.setRules([{ pattern: '.', fault: { kind: 'reset', after: 0 } }]);
  time.now += 30_001;
  await mirror.fresh();
  await mirror.refresh().catch(() => undefined);
  assert.equal(readLinkState(layout).lastFailure?.code, 'store-unreachable');
  const asked = server.requests.length;
  for (let minute = 0; minute < 3; minute += 1) await mirror.fresh('metadata/timestamp.json');
  assert.equal(server.requests.length, asked);
  assert.equal(readLinkState(layout).problem, undefined);
  // When it may be asked again nobody waits for the answer either.
  time.now += 60_000;
  server.setRules([{ pattern: '.', fault: { kind: 'hang', when: 'before-head' } }]);
  const began = performance.now();
  await mirror.fresh('metadata/timestamp.json');
  assert.ok(performance.now() - began < 1900);
});

test('a request that the upstream refuses as a loop keeps nobody else from news', async (context) => {
  const { mirror, server, time, publish, versionHere } = await below(context);
  await mirror.refresh();
  const before = await versionHere();
  await publish('b');
  time.now += 30_001;
  server.setRules([{ pattern: '.', fault: { kind: 'status', status: 508 } }]);
  const looped = () => causedBy(['aaaaaaaaaaaaaaaa'], () => mirror.fresh('metadata/timestamp.json'));
  await looped();
  const asked = server.requests.length;
  await looped();
  assert.equal(server.requests.length, asked);
  server.setRules([]);
  await mirror.fresh('metadata/timestamp.json');
  assert.ok(server.requests.length > asked);
  await mirror.refresh();
  assert.notEqual(await versionHere(), before);
});

test('a lie is kept for the operator until the upstream tells the truth again', async (context) => {
  const { mirror, repository, served, layout, time } = await below(context);
  await mirror.refresh();
  const timestamp = 'metadata/timestamp.json';
  const lie = await forged(repository.store, timestamp, (signed) => ({ ...signed, version: 99 }));
  const directory = openDirectoryStore(served);
  const truth = Buffer.concat(await Array.fromAsync((await directory.read(timestamp)).body));
  await directory.compareAndSwap(timestamp, truth, lie);
  await assert.rejects(mirror.refresh(), { code: 'metadata-unsigned' });
  assert.equal(readLinkState(layout).problem?.code, 'metadata-unsigned');
  const asked = readLinkState(layout).problem?.at;
  await mirror.fresh(timestamp);
  assert.equal(readLinkState(layout).problem?.at, asked);
  await directory.compareAndSwap(timestamp, lie, truth);
  time.now += 30_001;
  await mirror.refresh();
  assert.equal(readLinkState(layout).problem, undefined);
});

test('a slow upstream is waited for a short while only', async (context) => {
  const { mirror, server, time, layout } = await below(context);
  await mirror.refresh();
  server.setRules([{ pattern: '.', fault: { kind: 'hang', when: 'before-head' } }]);
  time.now += 30_001;
  const waiting = mirror.fresh('metadata/timestamp.json');
  // Two seconds have gone by since it was asked: who comes now does not wait at all.
  time.now += 2000;
  await mirror.fresh('metadata/timestamp.json');
  await mirror.close();
  await waiting;
  assert.equal(readLinkState(layout).problem, undefined);
});

test('a name that is no stream is not asked for', async (context) => {
  const { mirror, server, layout } = await below(context);
  await mirror.refresh();
  const asked = server.requests.length;
  for (const name of ['lite/none', 'lite/../x', 'lite/stable.sum', 'metadata/9.root.json'])
    await mirror.fresh(name);
  assert.equal(server.requests.length, asked);
  await mirror.fresh('lite/stable');
  assert.ok(server.requests.some(({ path }) => path === '/lite/stable'));
  const tried = server.requests.length;
  await mirror.fresh('lite/stable');
  assert.equal(server.requests.length, tried);
  assert.equal(readLinkState(layout).problem, undefined);
});
