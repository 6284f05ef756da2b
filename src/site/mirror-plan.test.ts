import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { buildName, streamName } from '../base/identifiers.ts';
import { type SiteFixture, siteFixture } from './mirror.fixture.ts';
import { planMirror } from './mirror-plan.ts';
import { runMirror } from './mirror-run.ts';

const follow = (fixture: SiteFixture, ...streams: string[]) => {
  fixture.state.settings = { ...fixture.state.settings, follow: streams.map(streamName) };
};
const kinds = (files: readonly { readonly kind: string; readonly name: string | undefined }[]) => [
  ...new Set(files.map(({ kind, name }) => (name === undefined ? `${kind}?` : kind))),
];
const same = randomBytes(200_000);

test('a plan names and prices what the heads of followed streams lack, and fetches no content for it', async (context) => {
  const fixture = await siteFixture(context);
  await fixture.publish('b1', { same, own: randomBytes(30_000) });
  fixture.refresh();
  const quiet = await planMirror(fixture.site);
  assert.deepEqual([quiet.items, quiet.bytes, quiet.complete], [[], 0, []]);
  follow(fixture, 'stable', 'absent');
  const plan = await planMirror(fixture.site);
  assert.deepEqual(plan.unknown, ['absent']);
  const [item] = plan.items;
  assert.deepEqual(
    [item?.build, item?.streams, item?.security, item?.refusal],
    ['b1', ['stable'], false, null],
  );
  assert.deepEqual(kinds(item!.files), ['records', 'lists', 'packs?']);
  assert.ok(plan.bytes > 230_000 && plan.bytes < 260_000);
  assert.deepEqual([plan.link, plan.seconds, plan.doneBy], [null, null, null]);
  assert.ok(fixture.state.fetched.every(({ name }) => name.startsWith('targets/')));
});

test('what is there of the build before is not priced again, before the map has come and after', async (context) => {
  const fixture = await siteFixture(context);
  await fixture.publish('b1', { same, own: randomBytes(30_000) });
  fixture.refresh();
  follow(fixture, 'stable');
  await runMirror(fixture.site);
  assert.deepEqual((await planMirror(fixture.site)).complete, ['b1']);
  await fixture.publish('b2', { same, own: randomBytes(40_000) });
  await fixture.deltas();
  fixture.refresh();
  const plan = await planMirror(fixture.site);
  const [item] = plan.items;
  assert.deepEqual(kinds(item!.files), ['records', 'deltas', 'lists', 'packs?']);
  assert.ok(plan.bytes > 80_000 && plan.bytes < 100_000, `${plan.bytes} bytes`);
  fixture.state.fetched.length = 0;
  const result = await runMirror(fixture.site);
  assert.equal(result.builds[0]?.result, 'complete');
  const fetched = fixture.state.fetched.reduce((sum, { bytes }) => sum + bytes, 0);
  assert.ok(Math.abs(fetched - plan.bytes) < 5000, `planned ${plan.bytes}, fetched ${fetched}`);
});

test('only deltas from builds that devices run are wanted, once devices have told', async (context) => {
  const fixture = await siteFixture(context);
  for (const name of ['b1', 'b2', 'b3']) await fixture.publish(name, { same, own: randomBytes(20_000) });
  await fixture.deltas();
  fixture.refresh();
  follow(fixture, 'stable');
  const deltas = async () =>
    (await planMirror(fixture.site, { deltasOnly: true })).items[0]!.files.filter(
      ({ kind }) => kind === 'deltas',
    );
  assert.equal((await deltas()).length, 2);
  fixture.state.running = new Set([buildName('b2'), buildName('other')]);
  assert.equal((await deltas()).length, 1);
  fixture.state.running = new Set();
  assert.equal((await deltas()).length, 2);
});

test('a waypoint is wanted where devices are behind it', async (context) => {
  const fixture = await siteFixture(context);
  await fixture.publish('b1', { own: randomBytes(20_000) });
  await fixture.publish('b2', { own: randomBytes(20_000) }, { waypoint: true });
  await fixture.publish('b3', { own: randomBytes(20_000) });
  fixture.refresh();
  follow(fixture, 'stable');
  const builds = async (...running: string[]) => {
    fixture.state.running = new Set(running.map(buildName));
    return (await planMirror(fixture.site)).items.map(({ build }) => build);
  };
  assert.deepEqual(await builds(), ['b3']);
  assert.deepEqual(await builds('b1', 'b3'), ['b3', 'b2']);
  assert.deepEqual(await builds('b2', 'other'), ['b3']);
});

test('a plan tells the time at the measured rate, under the limit, and within the hours', async (context) => {
  const fixture = await siteFixture(context);
  await fixture.publish('b1', { same });
  fixture.refresh();
  follow(fixture, 'stable');
  fixture.state.link = { bytesPerSecond: 100_000, roundTrip: 0 };
  const { bytes, seconds, doneBy } = await planMirror(fixture.site);
  assert.equal(seconds, bytes / 100_000);
  assert.equal(Date.parse(doneBy!), Math.floor(fixture.site.clock() + seconds * 1000));
  fixture.state.settings = { ...fixture.state.settings, bytesPerSecond: 10, hours: '00:00-00:01' };
  const slow = await planMirror(fixture.site);
  assert.equal(slow.seconds, bytes / 10);
  const days = Math.ceil(bytes / 600);
  const wait = Date.parse(slow.doneBy!) - fixture.site.clock();
  assert.ok(Math.abs(wait / 86_400_000 - days) < 1.1, slow.doneBy!);
});

test('what goes beyond the month or the disk is refused by name, and what is smaller still goes', async (context) => {
  const fixture = await siteFixture(context);
  await fixture.publish('large', { content: randomBytes(300_000) }, { streams: ['large'] });
  await fixture.publish('small', { content: randomBytes(20_000) }, { streams: ['small'] });
  fixture.refresh();
  follow(fixture, 'large', 'small');
  fixture.state.monthLeft = 100_000;
  const refusals = async () =>
    (await planMirror(fixture.site)).items.map(({ build, refusal }) => [build, refusal]);
  assert.deepEqual(await refusals(), [
    ['large', 'month'],
    ['small', null],
  ]);
  fixture.state.monthLeft = undefined;
  fixture.state.settings = { ...fixture.state.settings, budget: 200_000 };
  assert.deepEqual(await refusals(), [
    ['large', 'disk'],
    ['small', null],
  ]);
});

test('security builds come first', async (context) => {
  const fixture = await siteFixture(context);
  await fixture.publish('plain', { content: 'one' }, { streams: ['a'] });
  await fixture.publish('mended', { content: 'two' }, { streams: ['b'], notes: '[security] a hole' });
  fixture.refresh();
  follow(fixture, 'a', 'b');
  const { items } = await planMirror(fixture.site);
  assert.deepEqual(
    items.map(({ build, security }) => [build, security]),
    [
      ['mended', true],
      ['plain', false],
    ],
  );
});
