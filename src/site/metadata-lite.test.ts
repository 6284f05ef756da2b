import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { MessageCode } from '../base/catalogue.ts';
import { refreshLite } from '../repository/lite-refresh.ts';
import { emptyRepository, type RepositoryFixture } from '../repository/repository.fixture.ts';
import type { ReadableStore, Store } from '../store/store.ts';
import { openTrustClient } from '../trust/client.ts';
import { memoryLiteKeys } from '../trust/lite-keys.ts';
import { bytesIn, copyOf, counted, tampered, temporaryDirectory } from '../trust/test-repository.ts';
import { siteLayout } from './layout.ts';
import { refreshMetadata } from './metadata-refresh.ts';

const files = ['lite/stable', 'lite/a.sum'];

async function scene(context: TestContext) {
  const origin = await emptyRepository(context);
  origin.context.keys.lite.create();
  await origin.publish('a', { hello: 'one' });
  await refreshLite(origin.context);
  const layout = siteLayout(join(temporaryDirectory(context), 'site'));
  const notices: MessageCode[] = [];
  const reporter = { progress() {}, notice: (code: MessageCode) => notices.push(code) };
  const clock = origin.context.clock;
  const root = await bytesIn(origin.store, 'metadata/1.root.json');
  await openTrustClient({ directory: layout.trust, store: origin.store, clock }).pin(root);
  const refresh = (lite: readonly string[] = [], store: ReadableStore = origin.store) =>
    refreshMetadata({ layout, store, clock, reporter, lite });
  const here = (name: string) => {
    const path = join(layout.repository, name);
    return existsSync(path) ? readFileSync(path) : undefined;
  };
  return { origin, refresh, notices, here };
}

/** The same repository with lists that somebody else has signed. */
async function signedByAnother({ context, store }: RepositoryFixture): Promise<Store> {
  const copy = await copyOf(store);
  for (const name of files) await copy.delete(name);
  const lite = memoryLiteKeys(context.clock);
  lite.create();
  await refreshLite({ ...context, store: copy, keys: { ...context.keys, lite } });
  return copy;
}

test('lists come when they are asked for, and are kept up to date from then on', async (context) => {
  const { origin, refresh, here } = await scene(context);
  const store = counted(origin.store);
  await refresh([], store);
  assert.ok(!store.names.some((name) => name.startsWith('lite/')));
  await refresh(['stable']);
  for (const name of files) assert.deepEqual(here(name), await bytesIn(origin.store, name));
  await origin.publish('b', { hello: 'two' });
  await refreshLite(origin.context);
  await refresh();
  for (const name of ['lite/stable', 'lite/b.sum'])
    assert.deepEqual(here(name), await bytesIn(origin.store, name));
});

test('an upstream cannot put lists of its own in their place', async (context) => {
  const { origin, refresh, here, notices } = await scene(context);
  await refresh(['stable']);
  const before = files.map(here);
  await refresh(['stable'], await signedByAnother(origin));
  assert.deepEqual(files.map(here), before);
  assert.deepEqual(notices, ['site-lite-wrong']);
});

test('a changed, truncated or older list is refused', async (context) => {
  const { origin, refresh, here, notices } = await scene(context);
  const right = await bytesIn(origin.store, 'lite/stable');
  const list = await bytesIn(origin.store, 'lite/a.sum');
  const flipped = Buffer.from(right);
  flipped[100]! ^= 1;
  const lies: Record<string, Uint8Array | undefined>[] = [
    { 'lite/stable': flipped },
    { 'lite/stable': right.subarray(0, -10) },
    { 'lite/stable': Buffer.from('no signature\n') },
    { 'lite/a.sum': list.subarray(0, -10) },
    { 'lite/a.sum': Buffer.concat([list, list]) },
    { 'lite/a.sum': undefined },
  ];
  for (const lie of lies) {
    await refresh(['stable'], tampered(origin.store, lie));
    assert.deepEqual(files.map(here), [undefined, undefined], JSON.stringify(Object.keys(lie)));
  }
  assert.equal(notices.length, lies.length);
  await refresh(['stable'], tampered(origin.store, { 'lite/stable': undefined }));
  assert.equal(notices.length, lies.length);
  await refresh(['stable']);
  await origin.publish('b', { hello: 'two' });
  await refreshLite(origin.context);
  await refresh();
  const newest = here('lite/stable');
  await refresh(['stable'], tampered(origin.store, { 'lite/stable': right }));
  assert.deepEqual(here('lite/stable'), newest);
  assert.equal(notices.length, lies.length + 1);
});
