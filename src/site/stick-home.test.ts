import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Fleet, openFleet } from '../fleet/fleet.ts';
import { deviceReport, hex, siteReport } from '../fleet/reports.testkit.ts';
import { type OfflineSite, type StickFixture, stickFixture } from './stick.fixture.ts';
import { collectStick } from './stick-collect.ts';
import { rootFrom } from './stick-sign.ts';

async function start(t: TestContext) {
  const fixture = await stickFixture(t);
  await fixture.publish('os-1', { a: 'a' });
  await fixture.prepare();
  const home = await openFleet(fixture.origin.location, { clock: () => fixture.time.now });
  t.after(() => home.close());
  return { fixture, home, site: await fixture.site('school') };
}

function collect(fixture: StickFixture, fleet: Fleet) {
  return collectStick({
    stick: fixture.stick,
    fleet,
    root: rootFrom(fixture.root, 'origin'),
    organisation: hash('sha256', fixture.root),
    keys: fixture.keys,
    clock: () => fixture.time.now,
  });
}

const homeFolder = (fixture: StickFixture, { settings }: OfflineSite) =>
  join(fixture.stick, 'satchel/home', settings.id);

test('reports of devices at a site that is never online reach the origin, and count once', async (t) => {
  const { fixture, home, site } = await start(t);
  const reports = [1, 2, 3].map(() => deviceReport({ device: hex(32) }));
  await site.fleet.storeReports(reports);
  const loaded = await fixture.load(site);
  assert.deepEqual(loaded.home, { reports: 3, acknowledged: 0 });

  const collected = await collect(fixture, home);
  assert.deepEqual(collected.sites, [{ site: site.settings.id, stored: 3, known: 0, answered: true }]);
  assert.equal((await home.devices()).length, 3);
  assert.deepEqual(readdirSync(homeFolder(fixture, site)).sort(), ['taken.json', 'taken.json.sig']);
  assert.deepEqual((await collect(fixture, home)).sites, [], 'the second time there is nothing');

  const next = await fixture.load(site);
  assert.deepEqual(next.home, { reports: 0, acknowledged: 3 });
  assert.deepEqual((await collect(fixture, home)).sites, []);
});

test('a stick that gets lost on the way costs nothing', async (t) => {
  const { fixture, home, site } = await start(t);
  await site.fleet.storeReports([deviceReport()]);
  await fixture.load(site);
  const other = fixture.path('other');
  mkdirSync(other);
  await fixture.prepare({ stick: other });
  await site.fleet.storeReports([deviceReport()]);
  await fixture.load(site, { stick: other });
  const collected = await collect({ ...fixture, stick: other }, home);
  assert.equal(collected.sites[0]?.stored, 2);
  // The first stick turns up after all.
  assert.deepEqual((await collect(fixture, home)).sites, [
    { site: site.settings.id, stored: 0, known: 1, answered: true },
  ]);
});

test('an answer that the origin did not sign makes a site forget nothing', async (t) => {
  const { fixture, home, site } = await start(t);
  const report = deviceReport();
  await site.fleet.storeReports([report]);
  await fixture.load(site);
  const folder = homeFolder(fixture, site);
  const forged = { satchel: 'stick-taken', format: 1, site: site.settings.id, reports: [report.id] };
  writeFileSync(join(folder, 'taken.json'), JSON.stringify(forged));
  assert.deepEqual((await fixture.load(site)).home, { reports: 1, acknowledged: 0 });
  // Nor does the origin put its name to it.
  await collect(fixture, home);
  await site.fleet.storeReports([deviceReport()]);
  const stranger = 'f'.repeat(32);
  writeFileSync(
    join(folder, 'taken.json'),
    JSON.stringify({ ...forged, made: '2026-01-01T00:00:00Z', reports: [stranger] }),
  );
  await fixture.load(site);
  await collect(fixture, home);
  assert.ok(!readFileSync(join(folder, 'taken.json'), 'utf8').includes(stranger));
});

test('reports that devices left on the stick are taken by the site, and by the origin', async (t) => {
  const { fixture, home, site } = await start(t);
  const folder = join(fixture.stick, 'satchel/reports');
  const leave = () => {
    const report = deviceReport();
    const path = join(folder, `${report.device}-${report.id}.json`);
    writeFileSync(path, JSON.stringify(report));
    return path;
  };
  const path = leave();
  const nonsense = join(folder, `${'a'.repeat(32)}-${'b'.repeat(32)}.json`);
  writeFileSync(nonsense, '{"what":1}');
  const loaded = await fixture.load(site);
  assert.deepEqual(loaded.reports, { stored: 1, known: 0 });
  assert.deepEqual(
    loaded.problems.map(({ code }) => code),
    ['stick-reports-damaged'],
  );
  assert.ok(!existsSync(path));
  assert.ok(existsSync(nonsense), 'left alone');

  leave();
  const { devices } = await collect(fixture, home);
  assert.deepEqual(devices, { stored: 1, known: 0 });
});

test('what a site says of itself tells the origin what it lacks', async (t) => {
  const { fixture, home, site } = await start(t);
  const reportSelf = async () => {
    const report = siteReport({
      site: site.settings.id,
      name: 'school',
      builds: [{ build: 'os-1', complete: true }],
    });
    await site.fleet.storeReports([report], { own: true });
  };
  await fixture.load(site, { reportSelf });
  await collect(fixture, home);
  const [known] = await home.sites();
  assert.equal(known?.name, 'school');
  assert.deepEqual(known?.builds, [{ build: 'os-1', complete: true }]);
});

test('a stick without our folders, or of another organisation, is not collected', async (t) => {
  const { fixture, home } = await start(t);
  const other = await stickFixture(t);
  await other.publish('os-9', { a: 'a' });
  const empty = fixture.path('empty');
  mkdirSync(empty);
  await assert.rejects(collect({ ...fixture, stick: empty }, home), { code: 'stick-not-prepared' });
  await other.prepare();
  await assert.rejects(collect({ ...fixture, stick: other.stick }, home), {
    code: 'stick-of-another-organisation',
  });
});
