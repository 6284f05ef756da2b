/** Sticks that carry the activities of groups beside builds. */
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { publishBundles } from '../activities/publish-bundles.ts';
import { readBundle } from '../activities/read-bundle.ts';
import { streamName } from '../base/identifiers.ts';
import { silentReporter } from '../base/progress.ts';
import { makeDelta } from '../delta/make-delta.ts';
import { zipOf } from '../formats/zip.testkit.ts';
import { loadTree, openCatalog } from '../repository/catalog.ts';
import { defaultGroup, type GroupName } from '../repository/group-record.ts';
import { deltaFile, packFile } from '../repository/layout.ts';
import { openDirectoryStore } from '../store/directory.ts';
import { readAll } from '../store/read-all.ts';
import { noise, type StickFixture, stickFixture } from './stick.fixture.ts';

/** Publishes a version of an activity at the origin; `similar`: most of it is this. */
async function publishActivity(
  fixture: StickFixture,
  version: string,
  stream: string,
  { similar, group = defaultGroup }: { readonly similar?: Buffer; readonly group?: GroupName } = {},
): Promise<void> {
  const info = `[Activity]\nname = One\nbundle_id = org.test.One\nactivity_version = ${version}\nexec = x\nicon = i\n`;
  const large = similar === undefined ? noise(200_000) : Buffer.concat([similar, Buffer.from(version)]);
  const files = { 'activity/activity.info': info, 'activity/i.svg': '<svg/>', large };
  const path = fixture.path(`One-${version}.xo`);
  writeFileSync(
    path,
    zipOf(Object.entries(files).map(([name, content]) => ({ name: `One.activity/${name}`, content }))),
  );
  const { origin: store, keys } = fixture;
  await publishBundles({
    ...{ store, keys, clock: () => fixture.time.now, reporter: silentReporter },
    spoolDirectory: fixture.path('spool'),
    sources: [(sink) => readBundle(path, sink)],
    ...{ group, streams: [streamName(stream)], optional: false, keep: 2 },
    deltas: { make: makeDelta, reporter: silentReporter },
  });
}

/** An origin with a build and two versions of an activity, one for testing only. */
async function withActivities(test: TestContext): Promise<StickFixture> {
  const fixture = await stickFixture(test);
  await fixture.publish('os-1', { file: 'the OS' }, { streams: ['stable', 'testing'] });
  await publishActivity(fixture, '1', 'stable');
  await publishActivity(fixture, '2', 'testing');
  return fixture;
}

const stable = 'activities/default/org.test.One-1';
const testing = 'activities/default/org.test.One-2';

test('a stick brings a site that is never online what devices install', async (context) => {
  const fixture = await withActivities(context);
  const { bundles } = await fixture.prepare();
  assert.deepEqual(
    bundles.map(({ name }) => name),
    [testing, stable],
  );
  const site = await fixture.site('village');
  const { builds, problems } = await fixture.load(site);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    builds.map(({ name, complete }) => [name, complete]),
    [
      ['os-1', true],
      [testing, true],
      [stable, true],
    ],
  );
  const store = openDirectoryStore(site.layout.repository);
  const { bundles: records } = await (await openCatalog(store)).group(defaultGroup);
  for (const record of records) {
    const { map } = await loadTree(store, record);
    for (const { sha256, length } of map.packs)
      assert.equal((await readAll(store, packFile(sha256), { limit: length })).length, length);
  }
});

test('only what devices of the named streams get goes, and nothing of groups if nobody wants it', async (context) => {
  const fixture = await withActivities(context);
  const names = async (wish: Parameters<StickFixture['prepare']>[0]) =>
    (await fixture.prepare(wish)).bundles.map(({ name }) => name);
  assert.deepEqual(await names({ streams: ['stable'] }), [stable]);
  assert.deepEqual(await names({ builds: ['os-1'] }), []);
  assert.deepEqual(await names({ withoutGroups: true }), []);
});

test('an origin that has no builds fills sticks with its content, for everybody or by the name of the stream', async (context) => {
  const fixture = await stickFixture(context);
  await publishActivity(fixture, '1', 'stable');
  for (const wish of [{}, { streams: ['stable'] }]) {
    const { bundles } = await fixture.prepare(wish);
    assert.deepEqual(
      bundles.map(({ name }) => name),
      [stable],
    );
  }
  await assert.rejects(fixture.prepare({ streams: ['testing'] }), { code: 'stream-not-found' });
});

test('a stick carries the deltas to a version; one that is damaged leaves the version complete', async (context) => {
  const fixture = await stickFixture(context);
  await fixture.publish('os-1', { file: 'the OS' }, { streams: ['stable'] });
  const large = noise(200_000);
  for (const version of ['1', '2']) await publishActivity(fixture, version, 'stable', { similar: large });
  const { bundles: records } = await (await openCatalog(fixture.origin)).group(defaultGroup);
  const { stored, length } = records[0]!.deltas![0]!;
  await fixture.prepare();
  const site = await fixture.site('village');
  assert.deepEqual((await fixture.load(site)).problems, []);
  const here = openDirectoryStore(site.layout.repository);
  assert.equal((await readAll(here, deltaFile(stored), { limit: length })).length, length);
  writeFileSync(join(fixture.stick, 'satchel/repo', deltaFile(stored)), Buffer.alloc(length));
  const { builds, problems } = await fixture.load(await fixture.site('other'));
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['stick-file-damaged'],
  );
  assert.deepEqual(builds.at(-1), { ...builds.at(-1), name: testing, complete: true });
});

test('a version that another group has for others brings a whole stick no complaint', async (context) => {
  const fixture = await stickFixture(context);
  await fixture.publish('os-1', { file: 'the OS' }, { streams: ['stable', 'testing'] });
  const similar = noise(10_000);
  await publishActivity(fixture, '1', 'stable', { similar });
  const games = { similar, group: 'games' as GroupName };
  await publishActivity(fixture, '1', 'testing', games);
  // What is shown of both groups is not the same.
  await publishActivity(fixture, '2', 'trial', games);
  await fixture.prepare({ streams: ['stable'] });
  const { builds, problems } = await fixture.load(await fixture.site('village'));
  assert.deepEqual(problems, []);
  assert.deepEqual(
    builds.map(({ complete }) => complete),
    builds.map(() => true),
  );
});

test('a bundle that is damaged on the stick is named, and the others are taken', async (context) => {
  const fixture = await withActivities(context);
  await fixture.prepare();
  const { packs } = await packsOfVersion(fixture, '2');
  const path = join(fixture.stick, 'satchel/repo', packFile(packs[0]!.sha256));
  writeFileSync(path, Buffer.alloc(packs[0]!.length));
  const { builds, problems } = await fixture.load(await fixture.site('village'));
  assert.deepEqual(
    builds.map(({ name, complete }) => [name, complete]),
    [
      ['os-1', true],
      [testing, false],
      [stable, true],
    ],
  );
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['stick-file-damaged'],
  );
  assert.ok(readdirSync(join(fixture.stick, 'satchel')).length > 0);
});

async function packsOfVersion({ origin }: StickFixture, version: string) {
  const { bundles } = await (await openCatalog(origin)).group(defaultGroup);
  const { map } = await loadTree(origin, bundles.find((bundle) => bundle.version === version)!);
  return map;
}
