import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { MessageCode } from '../base/catalogue.ts';
import { openDirectoryStore } from '../store/directory.ts';
import type { ReadableStore } from '../store/store.ts';
import { openTrustClient } from '../trust/client.ts';
import { fetchRoot } from '../trust/fetch-root.ts';
import { rotateKey } from '../trust/key-change.ts';
import { day } from '../trust/roles.ts';
import {
  bytesIn,
  copyOf,
  counted,
  freshClient,
  makeRepository,
  streamOf,
  type TestRepository,
  tampered,
  temporaryDirectory,
} from '../trust/test-repository.ts';
import { type SiteLayout, siteLayout } from './layout.ts';
import { refreshMetadata } from './metadata-refresh.ts';

/** A site that trusts a repository by its root of some version, the first when absent. */
async function siteOf(context: TestContext, repository: TestRepository, root = 1) {
  const layout = siteLayout(join(temporaryDirectory(context), 'site'));
  const notices: MessageCode[] = [];
  const reporter = { progress() {}, notice: (code: MessageCode) => notices.push(code) };
  const clock = () => repository.clock.now;
  const pinned = await bytesIn(repository.store, `metadata/${root}.root.json`);
  await openTrustClient({ directory: layout.trust, store: repository.store, clock }).pin(pinned);
  const refresh = (store: ReadableStore = repository.store) =>
    refreshMetadata({ layout, store, clock, reporter });
  return { layout, refresh, notices };
}

/** Every file of the repository of a site with its content. */
function filesOf({ repository }: SiteLayout): Map<string, string> {
  const names = readdirSync(repository, { recursive: true, withFileTypes: true });
  return new Map(
    names
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path.slice(repository.length + 1), readFileSync(path, 'latin1')]),
  );
}

test('a device of the site sees what the origin published, byte for byte', async (context) => {
  const repository = await makeRepository();
  const { layout, refresh } = await siteOf(context, repository);
  assert.equal((await refresh()).changed, true);
  const local = openDirectoryStore(layout.repository);
  for (const [name, content] of filesOf(layout))
    assert.equal((await bytesIn(repository.store, name)).toString('latin1'), content, name);
  const seen = await freshClient(context, { ...repository, store: local });
  assert.equal(await streamOf(seen), 'stream a');
  assert.equal(Buffer.from(await seen.target('builds/a.json')).toString(), 'build a');
  await repository.publish('b');
  await refresh();
  await seen.refresh();
  assert.equal(await streamOf(seen), 'stream b');
});

test('without news two requests are made and nothing is written', async (context) => {
  const repository = await makeRepository();
  const { refresh } = await siteOf(context, repository);
  await refresh();
  const store = counted(repository.store);
  const { changed, written } = await refresh(store);
  assert.deepEqual([changed, written], [false, []]);
  assert.deepEqual(store.names.sort(), ['metadata/2.root.json', 'metadata/timestamp.json']);
});

test('devices that trust an old root find the whole chain, whichever root the site pinned', async (context) => {
  const repository = await makeRepository();
  const { layout, refresh } = await siteOf(context, repository);
  await refresh();
  for (let count = 0; count < 3; count += 1) await rotateKey(repository.context, { role: 'root' });
  await refresh();
  const pinnedLate = await siteOf(context, repository, 3);
  await pinnedLate.refresh();
  for (const place of [layout, pinnedLate.layout]) {
    const local = openDirectoryStore(place.repository);
    assert.equal((await fetchRoot(local)).version, 1);
    const seen = await freshClient(context, { ...repository, store: local });
    assert.equal(seen.root()?.version, 4);
  }
});

test('a root that does not lead to the trusted one is not handed on', async (context) => {
  const repository = await makeRepository();
  const stranger = await makeRepository();
  for (let count = 0; count < 2; count += 1) await rotateKey(repository.context, { role: 'root' });
  const { layout, refresh, notices } = await siteOf(context, repository, 3);
  const foreign = await bytesIn(stranger.store, 'metadata/1.root.json');
  await refresh(tampered(repository.store, { 'metadata/1.root.json': foreign }));
  assert.ok(notices.includes('site-root-chain-broken'));
  assert.ok(existsSync(join(layout.repository, 'metadata/2.root.json')));
  assert.ok(!existsSync(join(layout.repository, 'metadata/1.root.json')));
});

test('an upstream that lies about any file changes nothing that devices see', async (context) => {
  const repository = await makeRepository();
  const { layout, refresh } = await siteOf(context, repository);
  await refresh();
  const old = await copyOf(repository.store);
  repository.clock.now += day;
  await repository.publish('b');
  const fresh = await copyOf(repository.store);
  const before = filesOf(layout);
  const twin = await siteOf(context, repository);
  await twin.refresh(old);
  const store = counted(fresh);
  await twin.refresh(store);
  const named = [...new Set(store.names)].filter((name) => !/root.json$/.test(name));
  assert.ok(named.length >= 5, named.join());
  for (const name of named.filter((one) => !/^targets\/(builds|deltas)/.test(one))) {
    const right = await bytesIn(fresh, name);
    const flipped = Buffer.from(right);
    flipped[flipped.length >> 1]! ^= 1;
    const lies = { swapped: flipped, truncated: right.subarray(0, -7), absent: undefined };
    for (const [lie, bytes] of Object.entries(lies)) {
      await assert.rejects(refresh(tampered(fresh, { [name]: bytes })), `${name} ${lie}`);
      assert.deepEqual(filesOf(layout), before, `${name} ${lie}`);
    }
    await assert.rejects(refresh(tampered(fresh, { [name]: 'endless' })), name);
    assert.deepEqual(filesOf(layout), before, name);
  }
  // Freeze: what was true yesterday is no news.
  assert.equal((await refresh(old).catch((error) => error)).code, 'metadata-rolled-back');
  assert.deepEqual(filesOf(layout), before);
  await refresh(fresh);
  assert.equal((await refresh(old).catch((error) => error)).code, 'metadata-rolled-back');
  const seen = await freshClient(context, { ...repository, store: openDirectoryStore(layout.repository) });
  assert.equal(await streamOf(seen), 'stream b');
});

test('an old record that is damaged there does not keep the news away', async (context) => {
  const repository = await makeRepository();
  const { layout, refresh } = await siteOf(context, repository);
  const lies: Record<string, Uint8Array> = {};
  for await (const { name } of repository.store.list('targets/builds/')) lies[name] = Buffer.from('wrong');
  await refresh(tampered(repository.store, lies));
  assert.ok(existsSync(join(layout.repository, 'metadata/timestamp.json')));
  for (const name of Object.keys(lies)) assert.ok(!existsSync(join(layout.repository, name)));
});

test('what breaks off goes on, and what was damaged on the disk is put right', async (context) => {
  const repository = await makeRepository();
  const { layout, refresh } = await siteOf(context, repository);
  const streams: string[] = [];
  for await (const { name } of repository.store.list('targets/streams/')) streams.push(name);
  await assert.rejects(refresh(tampered(repository.store, { [streams[0]!]: undefined })));
  assert.ok(!existsSync(join(layout.repository, 'metadata/timestamp.json')));
  await refresh();
  const right = filesOf(layout);
  const snapshot = [...right.keys()].find((name) => name.endsWith('snapshot.json'))!;
  writeFileSync(join(layout.repository, snapshot), 'torn');
  await refresh();
  assert.deepEqual(filesOf(layout), right);
});

test('replaced metadata and records go after a day, roots never', async (context) => {
  const repository = await makeRepository();
  const { layout, refresh } = await siteOf(context, repository);
  const age = () => {
    const seconds = repository.clock.now / 1000;
    for (const name of filesOf(layout).keys()) utimesSync(join(layout.repository, name), seconds, seconds);
    repository.clock.now += 2 * day;
  };
  const count = (pattern: RegExp) => [...filesOf(layout).keys()].filter((name) => pattern.test(name)).length;
  await refresh();
  age();
  await rotateKey(repository.context, { role: 'root' });
  await repository.publish('b');
  await refresh();
  assert.deepEqual([count(/snapshot/), count(/targets\/streams/)], [2, 2]);
  age();
  await repository.publish('c');
  await refresh();
  assert.deepEqual([count(/snapshot/), count(/targets\/streams/), count(/root/)], [2, 2, 2]);
  assert.equal(count(/targets\/builds/), 3);
});

test('two that refresh at the same time do it one after the other', async (context) => {
  const repository = await makeRepository();
  const { layout, refresh } = await siteOf(context, repository);
  const both = await Promise.all([refresh(), refresh()]);
  assert.deepEqual(both.map(({ changed }) => changed).sort(), [false, true]);
  assert.ok(existsSync(join(layout.repository, 'metadata/timestamp.json')));
});
