/** Files that are made of bundles when somebody asks: how much of the disk they may take. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { SatchelError } from '../base/errors.ts';
import { streamName } from '../base/identifiers.ts';
import { zipOf } from '../formats/zip.testkit.ts';
import { type BundleRecord, defaultGroup } from '../repository/group-record.ts';
import { emptyRepository } from '../repository/repository.fixture.ts';
import type { ReadableStore } from '../store/store.ts';
import { publishBundles } from './publish-bundles.ts';
import { readBundle } from './read-bundle.ts';
import { openZipCache, type ZipCacheOptions } from './zip-cache.ts';

const size = 100_000;
/** More than a zip of that content takes, and less than two do. */
const one = size * 1.5;

/** A repository with activities of incompressible content, and a cache of their zips. */
async function cacheOf(test: TestContext, options: ZipCacheOptions, names = ['A', 'B', 'C']) {
  const repository = await emptyRepository(test);
  const folder = join(repository.spool, '..', 'zips');
  const files = names.map((name) => {
    const info = `[Activity]\nname = ${name}\nbundle_id = org.test.${name}\nactivity_version = 1\nexec = x\nicon = i\n`;
    const members = { 'activity/activity.info': info, 'activity/i.svg': '<svg/>', large: randomBytes(size) };
    const path = join(repository.spool, '..', `${name}.xo`);
    const zip = Object.entries(members).map(([file, content]) => ({
      ...{ name: `${name}.activity/${file}`, content },
    }));
    writeFileSync(path, zipOf(zip));
    return path;
  });
  await publishBundles({
    ...repository.context,
    spoolDirectory: repository.spool,
    sources: files.map((file) => (sink) => readBundle(file, sink)),
    ...{ group: defaultGroup, streams: [streamName('stable')], optional: false, keep: 2 },
  });
  const { bundles } = await (await repository.catalog()).group(defaultGroup);
  const reads = { count: 0, failure: undefined as SatchelError | undefined };
  const store: ReadableStore = {
    ...repository.store,
    async read(...call) {
      reads.count += 1;
      if (reads.failure !== undefined) throw reads.failure;
      return repository.store.read(...call);
    },
  };
  const cache = openZipCache(folder, store, options);
  return { cache, folder, reads, bundles: bundles as [BundleRecord, BundleRecord, BundleRecord] };
}

const there = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);
const minute = 60_000;
const hour = 60 * minute;
const noRoom = { code: 'bundle-zip-no-room' };

test('a zip that is larger than the cache may be is not begun, and that is said', async (context) => {
  const { cache, folder, bundles } = await cacheOf(context, { limit: size });
  await assert.rejects(cache.file(bundles[0]), { code: 'bundle-zip-too-large' });
  assert.deepEqual(there(folder), []);
});

test('a zip that the disk has no room for is not begun, and nothing goes for it in vain', async (context) => {
  let spare = one;
  const { cache, folder, bundles } = await cacheOf(context, { spare: async () => spare });
  await cache.file(bundles[0]);
  const before = there(folder);
  spare = 0;
  await assert.rejects(cache.file({ ...bundles[1], tree: { ...bundles[1].tree, bytes: 2 * size } }), noRoom);
  assert.deepEqual(there(folder), before);
});

test('what was used longest ago goes for what is asked for now', async (context) => {
  const { cache, folder, bundles } = await cacheOf(context, { limit: 2 * one });
  const [first, second] = [await cache.file(bundles[0]), await cache.file(bundles[1])];
  utimesSync(first, 2e9, 2e9);
  const third = await cache.file(bundles[2]);
  assert.equal(existsSync(second), false);
  assert.deepEqual(there(folder).length, 2);
  assert.ok(existsSync(first) && existsSync(third));
  assert.ok(cache.bytes() <= 2 * one);
});

test('what has another name is not removed to make room, because that frees nothing', async (context) => {
  const { cache, folder, bundles } = await cacheOf(context, { limit: 2 * one });
  const first = await cache.file(bundles[0]);
  linkSync(first, join(folder, '..', 'other-name'));
  utimesSync(first, 1e9, 1e9);
  await cache.file(bundles[1]);
  await cache.file(bundles[2]);
  assert.ok(existsSync(first));
  assert.ok(cache.bytes() <= 2 * one);
});

test('what gets other names takes half of the cache at most, and makes nothing go', async (context) => {
  const { cache, folder, bundles } = await cacheOf(context, {
    limit: 3 * size,
    spare: async () => 10 * size,
  });
  linkSync(await cache.file(bundles[0], { toLink: true }), join(folder, '..', 'other-name'));
  await assert.rejects(cache.file(bundles[1], { toLink: true }), noRoom);
  const made = await cache.file(bundles[1]);
  await assert.rejects(cache.file(bundles[1], { toLink: true }), noRoom);
  assert.ok(existsSync(made));
  // What has one already keeps it.
  assert.ok(existsSync(await cache.file(bundles[0], { toLink: true })));
});

test('what is not needed any more goes with its other names', async (context) => {
  const names: string[] = [];
  const { cache, folder, bundles } = await cacheOf(context, { linked: names });
  const module = join(folder, '..', 'module');
  mkdirSync(module);
  names.push(module);
  linkSync(await cache.file(bundles[0], { toLink: true }), join(module, 'A-1.xo'));
  writeFileSync(join(module, 'else.xo'), 'of somebody else');
  cache.shrink(0);
  assert.deepEqual([there(folder), there(module)], [[], ['else.xo']]);
});

test('where a site has no room, that is what is said', async (context) => {
  const full = new SatchelError('site-budget-full', { bytes: '1 B', used: '1 B', budget: '1 B', left: 0 });
  const { cache, folder, bundles } = await cacheOf(context, { ensureRoom: () => Promise.reject(full) });
  await assert.rejects(cache.file(bundles[0]), noRoom);
  assert.deepEqual(there(folder), []);
});

test('a zip that grows beyond what its record tells ends at the limit and leaves nothing', async (context) => {
  const { cache, folder, bundles } = await cacheOf(context, { limit: size });
  const lying = { ...bundles[0], tree: { ...bundles[0].tree, bytes: 0 } };
  await assert.rejects(cache.file(lying), noRoom);
  assert.deepEqual(there(folder), []);
});

test('what proved damaged is read again later and later, at last every six hours, and at once in another version', async (context) => {
  let now = 0;
  const { cache, folder, reads, bundles } = await cacheOf(context, { now: () => now }, ['A', 'B']);
  reads.failure = new SatchelError('object-damaged', { sha256: '0'.repeat(64), pack: '1'.repeat(64) });
  const tries: number[] = [];
  for (; now < 48 * hour; now += 5 * minute) {
    const before = reads.count;
    await assert.rejects(cache.file(bundles[0]), reads.failure);
    if (reads.count > before) tries.push(now / minute);
  }
  assert.deepEqual(tries.slice(0, 5), [0, 5, 10, 15, 25]);
  assert.equal(tries.at(-1)! - tries.at(-2)!, 6 * 60);
  assert.deepEqual(there(folder), []);
  reads.failure = undefined;
  assert.ok(existsSync(await cache.file(bundles[1])));
});

test('a link that was down for a moment does not count', async (context) => {
  const unreachable = new SatchelError('store-unreachable', { location: 'x', reason: 'x' });
  let isDown = true;
  const ensureRoom = async () => {
    if (isDown) throw unreachable;
  };
  const { cache, bundles } = await cacheOf(context, { ensureRoom, now: () => 0 });
  await assert.rejects(cache.file(bundles[0]), unreachable);
  isDown = false;
  assert.ok(existsSync(await cache.file(bundles[0])));
});
