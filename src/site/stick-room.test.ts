/** A stick at a site whose disk is small: what is taken, what is refused, and what has to stay. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createEvictor } from './evict.ts';
import { readHoldings } from './evict-holdings.ts';
import { createBuildUses } from './evict-use.ts';
import { noise, type OfflineSite, type StickFixture, stateOf, stickFixture } from './stick.fixture.ts';
import type { Loaded } from './stick-load.ts';

/** Loads as the command does, with a budget. */
function loadWithin({ time, load }: StickFixture, site: OfflineSite, budget: number): Promise<Loaded> {
  const clock = () => time.now;
  const evictor = createEvictor({
    layout: site.layout,
    settings: () => ({ budget, reserve: 0, follow: [] }),
    pull: { inUse: () => [], receiving: () => [], discard: async () => true },
    uses: createBuildUses(site.layout, clock),
    clock,
  });
  return load(site, { ensureRoom: (bytes) => evictor.ensureRoom(bytes, { forStick: true }) });
}

const complete = ({ builds }: Loaded) =>
  builds.flatMap(({ name, complete }) => (complete ? [name] : [])).sort();
const codes = ({ problems }: Loaded) => problems.map(({ code }) => code);
const packs = ({ layout }: OfflineSite) => readdirSync(join(layout.repository, 'packs')).sort();

test('a stick of which only a part fits never harms what it brought, however often it is loaded', async (t) => {
  const fixture = await stickFixture(t);
  const shared = noise(300_000);
  await fixture.publish('os-1', { shared, own: noise(300_000) });
  // Needs the pack of os-1 too, for what they share.
  await fixture.publish('os-2', { shared, own: noise(300_000) });
  await fixture.prepare({ builds: ['os-1', 'os-2'] });
  const site = await fixture.site('small');
  let before: readonly string[] | undefined;
  for (const round of [1, 2, 3]) {
    const loaded = await loadWithin(fixture, site, 800_000);
    assert.deepEqual(complete(loaded), ['os-1'], `round ${round}`);
    assert.deepEqual(codes(loaded), ['stick-site-full']);
    assert.equal(loaded.problems[0]?.parameters.build, 'os-2');
    before ??= packs(site);
    assert.deepEqual(packs(site), before);
    fixture.time.now += 3_600_000;
  }
  assert.equal(stateOf(site).code, 'stick-site-full');
  const loaded = await loadWithin(fixture, site, 2_000_000);
  assert.deepEqual([complete(loaded), codes(loaded)], [['os-1', 'os-2'], []]);
});

test('an old build goes for a new one, but what that needs stays, and nothing goes in vain', async (t) => {
  const fixture = await stickFixture(t);
  const shared = noise(300_000);
  await fixture.publish('os-0', { old: noise(400_000) });
  await fixture.publish('os-1', { shared, own: noise(300_000) });
  await fixture.prepare({ builds: ['os-0', 'os-1'] });
  const site = await fixture.site('small');
  assert.deepEqual(complete(await loadWithin(fixture, site, 2_000_000)), ['os-0', 'os-1']);
  fixture.time.now += 3_600_000;
  await fixture.publish('os-2', { shared, own: noise(300_000) });
  await fixture.prepare({ builds: ['os-2'] });

  const before = packs(site);
  const refused = await loadWithin(fixture, site, 850_000);
  assert.deepEqual([complete(refused), codes(refused)], [[], ['stick-site-full']]);
  assert.deepEqual(packs(site), before, 'what was whole is whole');
  fixture.time.now += 3_600_000;
  const taken = await loadWithin(fixture, site, 1_100_000);
  assert.deepEqual([complete(taken), codes(taken)], [['os-2'], []]);
  const { files } = await readHoldings(site.layout);
  assert.ok([...files.values()].reduce((sum, { bytes }) => sum + bytes, 0) < 1_100_000);
});
