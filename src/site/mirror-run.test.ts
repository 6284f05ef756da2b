import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cpSync } from 'node:fs';
import { test } from 'node:test';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { streamName } from '../base/identifiers.ts';
import { silentReporter } from '../base/progress.ts';
import { fsck } from '../repository/fsck.ts';
import { openDirectoryStore } from '../store/directory.ts';
import { type SiteFixture, siteFixture } from './mirror.fixture.ts';
import { createPace } from './mirror-pace.ts';
import { runMirror } from './mirror-run.ts';
import { readSiteLog } from './site-log.testkit.ts';

const change = (fixture: SiteFixture, settings: Partial<SiteFixture['state']['settings']>) => {
  fixture.state.settings = { ...fixture.state.settings, ...settings };
};

/** A site that follows two streams; nothing has come yet. The clock shows noon. */
async function twoStreams(test: Parameters<typeof siteFixture>[0], notes?: string): Promise<SiteFixture> {
  const fixture = await siteFixture(test);
  const same = randomBytes(50_000);
  await fixture.publish('first', { same, own: randomBytes(40_000) }, { streams: ['a'] });
  await fixture.publish(
    'second',
    { same, own: randomBytes(30_000) },
    { streams: ['b'], ...(notes ? { notes } : {}) },
  );
  fixture.refresh();
  change(fixture, { follow: [streamName('a'), streamName('b')] });
  return fixture;
}

test('a mirror has all that a device may ask for, and a second run fetches nothing', async (context) => {
  const fixture = await twoStreams(context);
  const { builds, stopped } = await runMirror(fixture.site);
  assert.deepEqual(
    builds.map(({ build, result }) => [build, result]),
    [
      ['first', 'complete'],
      ['second', 'complete'],
    ],
  );
  assert.equal(stopped, null);
  fixture.state.fetched.length = 0;
  assert.deepEqual((await runMirror(fixture.site)).builds, []);
  assert.deepEqual(fixture.state.fetched, []);
  const events = readSiteLog(fixture.layout).map(({ event, build }) => [event, build]);
  assert.deepEqual(events, [
    ['mirror-complete', 'first'],
    ['mirror-complete', 'second'],
  ]);
});

test('a followed stream that does not exist is named', async (context) => {
  const fixture = await twoStreams(context);
  change(fixture, { follow: [streamName('a'), streamName('nosuch')] });
  const { builds, unknown } = await runMirror(fixture.site);
  assert.deepEqual([builds.length, unknown], [1, ['nosuch']]);
});

test('with deltas only no packs and no lists come', async (context) => {
  const fixture = await siteFixture(context);
  const same = randomBytes(50_000);
  await fixture.publish('b1', { same, own: randomBytes(4000) });
  await fixture.publish('b2', { same, own: randomBytes(5000) });
  await fixture.deltas();
  fixture.refresh();
  change(fixture, { follow: [streamName('stable')] });
  const { builds } = await runMirror(fixture.site, { deltasOnly: true });
  assert.deepEqual(
    builds.map(({ result }) => result),
    ['complete'],
  );
  const folders = new Set(fixture.state.fetched.map(({ name }) => name.split('/')[0]));
  assert.deepEqual([...folders].sort(), ['deltas', 'targets']);
});

test('outside of the hours only security builds come, unless somebody wants it now', async (context) => {
  const fixture = await twoStreams(context, '[security] a hole');
  change(fixture, { hours: '01:00-01:30' });
  const first = await runMirror(fixture.site);
  assert.deepEqual(
    first.builds.map(({ build, result, reason }) => [build, result, reason?.code]),
    [
      ['second', 'complete', undefined],
      ['first', 'waiting', 'site-outside-hours'],
    ],
  );
  assert.equal(first.stopped?.code, 'site-outside-hours');
  const { builds } = await runMirror(fixture.site, { now: true });
  assert.deepEqual(
    builds.map(({ result }) => result),
    ['complete'],
  );
});

test('when the hours end in the middle, what came is kept and the rest waits', async (context) => {
  const fixture = await twoStreams(context);
  const hour = new Date(fixture.state.now).getHours();
  const pad = (value: number) => String(value).padStart(2, '0');
  change(fixture, { hours: `${pad(hour)}:00-${pad(hour)}:30` });
  const site = {
    ...fixture.site,
    clock: () =>
      fixture.state.now +
      (fixture.state.fetched.some(({ name }) => name.startsWith('indexes/')) ? 1_900_000 : 0),
  };
  const { builds, bytes } = await runMirror(site);
  assert.deepEqual(
    builds.map(({ result, reason }) => [result, reason?.code]),
    [
      ['waiting', 'site-outside-hours'],
      ['waiting', 'site-outside-hours'],
    ],
  );
  assert.ok(bytes > 0);
  const names = new Set(fixture.state.fetched.map(({ name }) => name));
  fixture.state.fetched.length = 0;
  const again = await runMirror(fixture.site);
  assert.deepEqual(
    again.builds.map(({ result }) => result),
    ['complete', 'complete'],
  );
  for (const { name } of fixture.state.fetched) assert.ok(!names.has(name), `${name} came twice`);
});

test('a link that fails ends the run; the next goes on behind it', async (context) => {
  const fixture = await twoStreams(context);
  const error = new SatchelError('store-unreachable', { location: 'x', reason: 'y' });
  fixture.state.failure = { name: 'packs/', error };
  const { builds, stopped } = await runMirror(fixture.site);
  assert.deepEqual(
    builds.map(({ result }) => result),
    ['waiting', 'waiting'],
  );
  assert.equal(stopped?.code, 'store-unreachable');
  fixture.state.failure = undefined;
  fixture.state.fetched.length = 0;
  assert.deepEqual(
    (await runMirror(fixture.site)).builds.map(({ result }) => result),
    ['complete', 'complete'],
  );
  const again = fixture.state.fetched.filter(({ name }) => name.startsWith('indexes/'));
  assert.equal(again.length, 1, 'the lists of the first build were here already');
});

test('what is wrong with one build does not keep the others from coming', async (context) => {
  const fixture = await twoStreams(context);
  const [index] = (await Array.fromAsync(fixture.origin.list('indexes/'))).map(({ name }) => name);
  const error = new SatchelError('store-not-found', { location: 'x', name: 'y' });
  fixture.state.failure = { name: index!, error };
  const { builds, stopped } = await runMirror(fixture.site);
  assert.deepEqual(builds.map(({ result }) => result).sort(), ['complete', 'failed']);
  assert.equal(stopped, null);
});

test('what is not kept is told instead of being fetched for ever', async (context) => {
  const fixture = await twoStreams(context);
  const forgetful = {
    ...fixture.site,
    pull: {
      inBackground: () => ({
        location: 'the origin',
        read: (name: string, options = {}) => {
          fixture.state.fetched.push({ name, bytes: 0 });
          return name.startsWith('packs/')
            ? fixture.origin.read(name, options)
            : fixture.site.store.read(name, options);
        },
        close: async () => {},
      }),
    },
  };
  const { builds } = await runMirror(forgetful, { patience: 0 });
  assert.deepEqual(
    builds.map(({ result, reason }) => [result, reason?.code]),
    [
      ['failed', 'site-mirror-not-kept'],
      ['failed', 'site-mirror-not-kept'],
    ],
  );
});

test('a cancelled run throws', async (context) => {
  const fixture = await twoStreams(context);
  const abort = new AbortController();
  const reporter = { ...silentReporter, progress: () => abort.abort() };
  await assert.rejects(runMirror(fixture.site, { reporter, signal: abort.signal }), (error) =>
    isSatchelError(error, 'cancelled'),
  );
});

test('a mirror whose parts are put together is a repository without fault', async (context) => {
  const fixture = await twoStreams(context);
  await runMirror(fixture.site);
  // Packs are here in parts, of which every byte has come.
  const { repository, frames } = fixture.layout;
  for await (const { name } of fixture.origin.list('packs/'))
    cpSync(`${frames}/packs-${name.slice(6, 70)}.part`, `${repository}/${name}`);
  const result = await fsck({ store: openDirectoryStore(repository), reporter: silentReporter });
  assert.deepEqual(result.damaged, []);
});

test('the pace holds the average under the limit and does not make up for silence', async () => {
  let now = 0;
  let limit: number | undefined = 1000;
  const pace = createPace({
    bytesPerSecond: () => limit,
    refusal: () => undefined,
    now: () => now,
    sleep: async (milliseconds) => {
      now += milliseconds;
    },
  });
  for (let piece = 0; piece < 10; piece += 1) await pace(500, undefined);
  assert.equal(now, 5000);
  now += 60_000;
  const resumed = now;
  for (let piece = 0; piece < 10; piece += 1) await pace(500, undefined);
  assert.ok(now - resumed >= 4000 && now - resumed <= 5000);
  limit = undefined;
  const free = now;
  await pace(1e9, undefined);
  assert.equal(now, free);
});
