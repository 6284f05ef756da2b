/** Activities and content of groups at a site: what comes, what stays, what goes. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { publishBundles } from '../activities/publish-bundles.ts';
import { readBundle } from '../activities/read-bundle.ts';
import { streamName } from '../base/identifiers.ts';
import { silentReporter } from '../base/progress.ts';
import { makeDelta } from '../delta/make-delta.ts';
import { zipOf } from '../formats/zip.testkit.ts';
import { openCatalog } from '../repository/catalog.ts';
import { defaultGroup } from '../repository/group-record.ts';
import { deltaFile } from '../repository/layout.ts';
import { readAll } from '../store/read-all.ts';
import { openTrustClient } from '../trust/client.ts';
import { placePolicy } from '../trust/policy.ts';
import { readHoldings } from './evict-holdings.ts';
import { createFrameCatalogue } from './frames-catalogue.ts';
import { readSiteStatus } from './join-status.ts';
import { bundlesIn, streamsServed } from './known-bundles.ts';
import { requireStreams } from './known-streams.ts';
import { type SiteFixture, siteFixture } from './mirror.fixture.ts';
import { planMirror } from './mirror-plan.ts';
import { runMirror } from './mirror-run.ts';
import { writeSiteSettings } from './settings.ts';

const [stable, testing, other] = ['stable', 'testing', 'other'].map(streamName) as [
  ReturnType<typeof streamName>,
  ReturnType<typeof streamName>,
  ReturnType<typeof streamName>,
];
const one = 'activities/default/org.test.One-1';
const two = 'activities/default/org.test.One-2';

/** An origin with two versions of an activity, the newer one for testing, and a site that follows what is said. */
async function start(test: TestContext, follow = [stable], isSimilar = false): Promise<SiteFixture> {
  const fixture = await siteFixture(test);
  await fixture.publish('os-1', { file: 'the OS' }, { streams: ['stable', 'testing', 'other'] });
  await publishVersions(fixture, test, isSimilar);
  fixture.state.settings = { ...fixture.state.settings, follow };
  return fixture;
}

async function publishVersions(fixture: SiteFixture, test: TestContext, isSimilar = false): Promise<void> {
  const same = randomBytes(90_000);
  const folder = mkdtempSync(join(tmpdir(), 'satchel-bundle-'));
  test.after(() => rmSync(folder, { recursive: true }));
  for (const [version, stream] of [
    ['1', stable],
    ['2', testing],
  ] as const) {
    const info = `[Activity]\nname = One\nbundle_id = org.test.One\nactivity_version = ${version}\nexec = x\nicon = i\n`;
    const files = { 'activity/activity.info': info, 'activity/i.svg': '<svg/>', large: largeFile(version) };
    const members = Object.entries(files).map(([name, content]) => ({
      name: `One.activity/${name}`,
      content,
    }));
    const path = join(folder, `${version}.xo`);
    writeFileSync(path, zipOf(members));
    await publishBundles({
      ...{ ...fixture.context, reporter: silentReporter, streams: [stream] },
      sources: [(sink) => readBundle(path, sink)],
      ...{ group: defaultGroup, optional: false, keep: 2 },
      deltas: { make: makeDelta, reporter: silentReporter },
    });
  }
  fixture.refresh();

  function largeFile(version: string): Buffer {
    return isSimilar ? Buffer.concat([same, Buffer.from(version)]) : randomBytes(90_000);
  }
}

const bundlesHere = async ({ layout }: SiteFixture) =>
  (await readHoldings(layout)).bundles.map(({ name }) => name);

test('a version serves its streams, and that of stable those that have none', async (context) => {
  const { origin } = await start(context);
  const group = await (await openCatalog(origin)).group(defaultGroup);
  const served = bundlesIn(group).map((known) => [
    known.name,
    streamsServed(known, [stable, testing, other]),
  ]);
  assert.deepEqual(served, [
    [two, [testing]],
    [one, [stable, other]],
  ]);
});

test('what devices of the followed streams get is priced, comes, and is complete then', async (context) => {
  const fixture = await start(context);
  const { items } = await planMirror(fixture.site);
  assert.deepEqual(
    items.map(({ build, streams }) => [build, streams]),
    [
      ['os-1', ['stable']],
      [one, ['stable']],
    ],
  );
  assert.ok(items[1]!.bytes > 90_000);
  await runMirror(fixture.site);
  const { items: left, complete } = await planMirror(fixture.site);
  assert.deepEqual([left, complete], [[], ['os-1', one]]);
  fixture.state.fetched.length = 0;
  await runMirror(fixture.site);
  assert.deepEqual(fixture.state.fetched, []);
});

test('of an origin that has no builds, what is for everybody can be followed and comes', async (context) => {
  const fixture = await siteFixture(context);
  await publishVersions(fixture, context);
  const { layout, state } = fixture;
  state.settings = { ...state.settings, follow: [stable, other] };
  const clock = () => state.now;
  const client = openTrustClient({
    directory: layout.trust,
    store: fixture.origin,
    clock,
    policy: placePolicy,
  });
  const root = await readAll(fixture.origin, 'metadata/1.root.json', { limit: 1e5 });
  await client.pin(root, { replace: false });
  await client.refresh();
  requireStreams({ layout, clock }, [stable]);
  assert.throws(() => requireStreams({ layout, clock }, [other]), {
    parameters: { name: 'other', streams: 'stable' },
  });
  writeSiteSettings(layout, state.settings);
  assert.deepEqual((await readSiteStatus(layout.repository, clock)).unknownStreams, ['other']);
  const { items, unknown } = await planMirror(fixture.site);
  assert.deepEqual([items.map(({ build }) => build), unknown], [[one], ['other']]);
  await runMirror(fixture.site);
  assert.deepEqual((await planMirror(fixture.site)).complete, [one]);
});

test('a delta comes before the rest of its version, is named for whoever asks, and goes with it', async (context) => {
  const fixture = await start(context, [testing], true);
  const group = await (await openCatalog(fixture.origin)).group(defaultGroup);
  const { stored, length } = group.bundles[0]!.deltas![0]!;
  const { items } = await planMirror(fixture.site);
  const planned = items.find(({ build }) => build === two)!.files;
  assert.deepEqual(
    planned.filter(({ kind }) => kind === 'deltas'),
    [{ kind: 'deltas', name: deltaFile(stored), bytes: length }],
  );
  await runMirror(fixture.site);
  const folders = fixture.state.fetched.map(({ name }) => name.split('/')[0]);
  assert.ok(folders.indexOf('deltas') >= 0 && folders.indexOf('deltas') < folders.lastIndexOf('packs'));
  const catalogue = createFrameCatalogue({ layout: fixture.layout, fetch: async () => {} });
  assert.equal(await catalogue.lengthOf(deltaFile(stored)), length);
  const { bundles, unneeded } = await readHoldings(fixture.layout);
  const holders = bundles.filter(({ files }) => files.includes(deltaFile(stored)));
  assert.deepEqual([holders.map(({ name }) => name), unneeded], [[two], []]);
  fixture.uses.learn({ builds: [], bundles });
  fixture.uses.asked(deltaFile(stored));
  assert.ok(fixture.uses.lastUse(two));
  fixture.state.settings = { ...fixture.state.settings, follow: [], budget: 1 };
  fixture.state.now += 3600_000;
  await fixture.evictor.collect();
  const { files } = await readHoldings(fixture.layout);
  assert.equal(files.has(deltaFile(stored)), false);
});

test('a bundle beyond the month is refused, and the build comes', async (context) => {
  const fixture = await start(context);
  fixture.state.monthLeft = 60_000;
  const { builds } = await runMirror(fixture.site);
  assert.deepEqual(
    builds.map(({ build, result }) => [build, result]),
    [
      ['os-1', 'complete'],
      [one, 'refused'],
    ],
  );
});

test('what devices of followed streams get stays, the rest goes when room is needed', async (context) => {
  const fixture = await start(context, [stable, testing]);
  await runMirror(fixture.site);
  const all = await bundlesHere(fixture);
  assert.deepEqual(all.sort(), [one, two]);
  const { usedBytes } = await fixture.evictor.usage();
  fixture.state.settings = { ...fixture.state.settings, follow: [testing], budget: usedBytes - 1 };
  fixture.state.now += 3600_000;
  const { builds, missing } = await fixture.evictor.collect();
  assert.deepEqual([builds.map(({ build }) => build), missing], [[one], 0]);
  const { files, unneeded } = await readHoldings(fixture.layout);
  assert.deepEqual([[...files.keys()].length > 0, unneeded], [true, []]);
  const { items } = await planMirror(fixture.site);
  assert.deepEqual(items, []);
});
