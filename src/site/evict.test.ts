import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { buildName, streamName } from '../base/identifiers.ts';
import { createEvictor } from './evict.ts';
import { readHoldings } from './evict-holdings.ts';
import { type SiteFixture, siteFixture } from './mirror.fixture.ts';
import { runMirror } from './mirror-run.ts';
import { pinBuild, readPins, unpinBuild } from './pin.ts';
import { removeParts } from './pull-aside.ts';
import { readSiteLog } from './site-log.testkit.ts';

const hour = 3_600_000;

const change = (fixture: SiteFixture, settings: Partial<SiteFixture['state']['settings']>) => {
  fixture.state.settings = { ...fixture.state.settings, ...settings };
};

/** A site that has three builds of 100 kB, mirrored one after the other; it follows the stream of the last. */
async function threeBuilds(test: Parameters<typeof siteFixture>[0]): Promise<SiteFixture> {
  const fixture = await siteFixture(test);
  for (const name of ['b1', 'b2', 'b3'])
    await fixture.publish(name, { own: randomBytes(100_000) }, { streams: [name] });
  fixture.refresh();
  change(fixture, { follow: ['b1', 'b2', 'b3'].map(streamName) });
  await runMirror(fixture.site);
  change(fixture, { follow: [streamName('b3')] });
  for (const name of ['b1', 'b2', 'b3']) {
    fixture.uses.used(buildName(name));
    fixture.state.now += hour;
  }
  return fixture;
}

const heldNames = async ({ layout }: SiteFixture) =>
  (await readHoldings(layout)).builds.map(({ name }) => name);
const used = async ({ evictor }: SiteFixture) => (await evictor.usage()).usedBytes;

test('room for what comes is made by the build that was asked for longest ago', async (context) => {
  const fixture = await threeBuilds(context);
  const before = await used(fixture);
  assert.ok(before > 300_000 && before < 600_000, `${before} bytes`);
  change(fixture, { budget: before });
  await fixture.evictor.ensureRoom(50_000);
  assert.deepEqual(await heldNames(fixture), ['b2', 'b3']);
  assert.ok((await used(fixture)) <= before - 50_000);
  const [, , , evicted] = readSiteLog(fixture.layout);
  assert.deepEqual([evicted?.event, evicted?.build, evicted?.why], ['build-evicted', 'b1', 'budget']);
});

test('a build that is asked for again outlives the others', async (context) => {
  const fixture = await threeBuilds(context);
  await fixture.evictor.usage();
  const { builds } = await readHoldings(fixture.layout);
  fixture.uses.asked(builds[0]!.files.find((name) => name.startsWith('maps/'))!);
  fixture.state.now += hour;
  change(fixture, { budget: await used(fixture) });
  await fixture.evictor.ensureRoom(50_000);
  assert.deepEqual(await heldNames(fixture), ['b1', 'b3']);
});

test('pinned and sticky builds, heads and what is in use stay, and the refusal says so', async (context) => {
  const fixture = await threeBuilds(context);
  const { layout } = fixture;
  pinBuild(layout, buildName('b1'));
  mkdirSync(join(layout.repository, 'sticky'));
  writeFileSync(join(layout.repository, 'sticky', 'b2'), '');
  change(fixture, { budget: await used(fixture) });
  const isFull = (error: unknown) => isSatchelError(error, 'site-budget-full');
  await assert.rejects(fixture.evictor.ensureRoom(50_000), isFull);
  assert.deepEqual(await heldNames(fixture), ['b1', 'b2', 'b3']);
  assert.deepEqual(readPins(layout), [
    { build: 'b1', pinned: true, sticky: [] },
    { build: 'b2', pinned: false, sticky: [join(layout.repository, 'sticky', 'b2')] },
  ]);
  assert.equal(unpinBuild(layout, buildName('b1')), true);
  assert.equal(unpinBuild(layout, buildName('b1')), false);
  fixture.state.inUse = (await readHoldings(layout)).builds[0]!.files.slice(0, 1);
  await assert.rejects(fixture.evictor.ensureRoom(50_000), isFull);
  fixture.state.inUse = [];
  await fixture.evictor.ensureRoom(50_000);
  assert.deepEqual(await heldNames(fixture), ['b2', 'b3']);
});

test('a build that somebody read a moment ago is in use', async (context) => {
  const fixture = await threeBuilds(context);
  for (const name of ['b1', 'b2']) fixture.uses.used(buildName(name));
  change(fixture, { budget: await used(fixture) });
  await assert.rejects(fixture.evictor.ensureRoom(50_000));
  fixture.state.now += hour;
  await fixture.evictor.ensureRoom(50_000);
});

test('the reserve of the file system is kept, whatever the budget allows', async (context) => {
  const fixture = await threeBuilds(context);
  change(fixture, { reserve: Number.MAX_SAFE_INTEGER });
  await assert.rejects(fixture.evictor.ensureRoom(1), (error) => isSatchelError(error, 'site-disk-reserved'));
});

test('refusing removes nothing', async (context) => {
  const fixture = await threeBuilds(context);
  change(fixture, { budget: await used(fixture) });
  await assert.rejects(fixture.evictor.ensureRoom(10_000_000));
  assert.deepEqual(await heldNames(fixture), ['b1', 'b2', 'b3']);
});

test('trees for rsync clients go before builds', async (context) => {
  const fixture = await threeBuilds(context);
  let treeBytes = 80_000;
  const asked: number[] = [];
  const trees = {
    bytes: () => treeBytes,
    async shrinkTo(bytes: number) {
      asked.push(bytes);
      treeBytes = bytes;
    },
  };
  const { layout, site, uses, state } = fixture;
  const pull = { inUse: () => [], receiving: () => [], discard: async () => true };
  const evictor = createEvictor({
    layout,
    settings: site.settings,
    pull,
    uses,
    trees,
    clock: () => state.now,
  });
  change(fixture, { budget: (await evictor.usage()).usedBytes });
  await evictor.ensureRoom(50_000);
  assert.deepEqual(asked, [30_000]);
  assert.deepEqual(await heldNames(fixture), ['b1', 'b2', 'b3']);
  await evictor.ensureRoom(50_000);
  assert.deepEqual(await heldNames(fixture), ['b2', 'b3']);
});

test('where trees have to stay builds go instead, and what then does not fit is refused', async (context) => {
  const fixture = await threeBuilds(context);
  const { layout, site, uses, state } = fixture;
  const discard = async (name: string) => removeParts(layout, name);
  let treeBytes = 80_000;
  const trees = {
    bytes: () => treeBytes,
    async shrinkTo(bytes: number) {
      treeBytes = Math.max(bytes, 60_000);
    },
  };
  const pull = { inUse: () => [], receiving: () => [], discard };
  const { settings } = site;
  const evictor = createEvictor({ layout, settings, pull, uses, trees, clock: () => state.now });
  const before = (await evictor.usage()).usedBytes;
  change(fixture, { budget: before });
  await evictor.ensureRoom(50_000);
  assert.deepEqual(await heldNames(fixture), ['b2', 'b3']);
  const { usedBytes } = await evictor.usage();
  assert.ok(usedBytes <= before - 50_000, `${usedBytes} of ${before} bytes`);

  change(fixture, { budget: usedBytes, follow: ['b2', 'b3'].map(streamName) });
  state.now += hour;
  await assert.rejects(evictor.ensureRoom(50_000), (error) => isSatchelError(error, 'site-budget-full'));
  assert.deepEqual(await heldNames(fixture), ['b2', 'b3']);
  change(fixture, { budget: usedBytes - 30_000 });
  const collected = await evictor.collect();
  assert.deepEqual([collected.treeBytes, collected.usedBytes, collected.missing], [0, usedBytes, 30_000]);
});

test('what lies beside the repository counts, and builds make room for it', async (context) => {
  const fixture = await threeBuilds(context);
  const { layout, site, uses, state } = fixture;
  const pull = { inUse: () => [], receiving: () => [], discard: async () => true };
  let beside = 0;
  const evictor = createEvictor({
    ...{ layout, settings: site.settings, pull, uses, clock: () => state.now },
    bytesBeside: () => beside,
  });
  const { usedBytes } = await evictor.usage();
  beside = 50_000;
  assert.equal((await evictor.usage()).usedBytes, usedBytes + 50_000);
  change(fixture, { budget: usedBytes });
  assert.deepEqual(
    (await evictor.collect()).builds.map(({ build }) => build),
    ['b1'],
  );
});

test('what no build needs goes after a week, or first when room is wanted', async (context) => {
  const fixture = await threeBuilds(context);
  const stray = join(fixture.layout.repository, 'deltas', `${'a'.repeat(64)}.delta`);
  const put = () => {
    mkdirSync(join(fixture.layout.repository, 'deltas'), { recursive: true });
    writeFileSync(stray, randomBytes(20_000));
    utimesSync(stray, fixture.state.now / 1000, fixture.state.now / 1000);
  };
  put();
  assert.equal((await fixture.evictor.collect()).files, 0);
  fixture.state.now += 6 * 24 * hour;
  assert.equal((await fixture.evictor.collect()).files, 0);
  fixture.state.now += 25 * hour;
  assert.deepEqual((await fixture.evictor.collect()).files, 1);
  assert.equal(existsSync(stray), false);
  put();
  fixture.state.now += hour;
  change(fixture, { budget: await used(fixture) });
  await fixture.evictor.ensureRoom(5000);
  assert.equal(existsSync(stray), false);
  assert.deepEqual(await heldNames(fixture), ['b1', 'b2', 'b3']);
});

test('a lower budget is kept by the next tidying up; the head stays though it is alone too large', async (context) => {
  const fixture = await threeBuilds(context);
  change(fixture, { budget: 1000 });
  const { builds, usedBytes } = await fixture.evictor.collect();
  assert.deepEqual(
    builds.map(({ build }) => build),
    ['b1', 'b2'],
  );
  assert.deepEqual(await heldNames(fixture), ['b3']);
  assert.ok(usedBytes > 100_000);
  assert.deepEqual(readdirSync(fixture.layout.frames).length, 2, 'the pack of the head and its journal');
});

test('many who ask for room at once do not get the same room', async (context) => {
  const fixture = await threeBuilds(context);
  change(fixture, { follow: ['b1', 'b2', 'b3'].map(streamName), budget: (await used(fixture)) + 100_000 });
  const asked = await Promise.allSettled(
    Array.from({ length: 10 }, () => fixture.evictor.ensureRoom(30_000)),
  );
  assert.equal(asked.filter(({ status }) => status === 'fulfilled').length, 3);
});
