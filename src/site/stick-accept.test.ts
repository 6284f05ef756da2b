import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { serialNumber } from '../lease/laptop.ts';
import { delegation, leaseDirect } from '../lease/records.testkit.ts';
import { openLeaseStore } from '../lease/store.ts';
import { day } from '../trust/roles.ts';
import { type OfflineSite, type StickFixture, stickFixture } from './stick.fixture.ts';

const leaseOf = ({ layout }: OfflineSite) => readFileSync(join(layout.leases, 'leases'), 'utf8');

/** Leases that differ in the year of their end. */
const lease = (year: number) => `${leaseDirect.replace('20991231T', `${year}1231T`)}\n`;
const delegations = `del01: SHC00000001 1273E0EC-AEF1-9FF6-45B2-FB706DC24B8D ${delegation}\n`;

/** What the site hands out to the laptop. */
async function handedOut({ layout }: OfflineSite) {
  const store = openLeaseStore(layout.leases);
  const serial = serialNumber('SHC00000001');
  const found = { lease: store.find(serial), isDelegated: store.delegation(serial) !== undefined };
  await store.close();
  return found;
}

/** Leases with this text for some sites. */
async function prepareLeases(fixture: StickFixture, text: string, sites: readonly string[] = []) {
  const leases = fixture.path('leases');
  writeFileSync(leases, text);
  return fixture.prepare({ attachments: { leases }, sites: sites.map((name) => ({ name })) });
}

async function start(t: Parameters<typeof stickFixture>[0]) {
  const fixture = await stickFixture(t);
  await fixture.publish('os-1', { a: 'a' });
  return { fixture, site: await fixture.site('school') };
}

test('leases, delegations and activities of a signed stick are taken', async (t) => {
  const { fixture, site } = await start(t);
  const activities = fixture.path('xo');
  mkdirSync(join(activities, 'games'), { recursive: true });
  writeFileSync(join(activities, 'games/Maze-3.xo'), 'maze');
  writeFileSync(fixture.path('leases'), lease(2050));
  writeFileSync(fixture.path('delegations'), delegations);
  await fixture.prepare({
    attachments: { leases: fixture.path('leases'), delegations: fixture.path('delegations'), activities },
  });
  const { attachments, problems } = await fixture.load(site);
  assert.deepEqual(problems, []);
  assert.equal(attachments.length, 3);
  assert.equal(leaseOf(site), lease(2050));
  assert.equal(readFileSync(join(site.layout.leases, 'delegations'), 'utf8'), delegations);
  assert.deepEqual(await handedOut(site), { lease: lease(2050), isDelegated: true });
  assert.equal(readFileSync(join(site.layout.directory, 'activities/games/Maze-3.xo'), 'utf8'), 'maze');
});

test('what is for another site is not taken', async (t) => {
  const { fixture, site } = await start(t);
  const other = await fixture.site('other');
  await prepareLeases(fixture, lease(2060), ['other']);
  assert.deepEqual((await fixture.load(site)).attachments, []);
  assert.ok(!existsSync(site.layout.leases));
  await fixture.load(other);
  assert.equal(leaseOf(other), lease(2060));
});

const refusals = {
  'stick-unsigned': (fixture: StickFixture) => {
    writeFileSync(join(fixture.stick, 'satchel/stick.json.sig'), '{}');
  },
  'stick-expired': (fixture: StickFixture) => {
    fixture.time.now += 181 * day;
  },
  'stick-file-damaged': (fixture: StickFixture) => {
    const list = JSON.parse(readFileSync(join(fixture.stick, 'satchel/stick.json'), 'utf8'));
    const { name } = list.files.find((file: { name: string }) => file.name.startsWith('sites/'));
    writeFileSync(join(fixture.stick, 'satchel', name), 'LEASE');
  },
} as const;

for (const [code, spoil] of Object.entries(refusals))
  test(`nothing is taken of a stick that is refused: ${code}`, async (t) => {
    const { fixture, site } = await start(t);
    await prepareLeases(fixture, lease(2050));
    spoil(fixture);
    const { attachments, problems, builds } = await fixture.load(site);
    assert.deepEqual(attachments, []);
    assert.ok(problems.some((problem) => problem.code === code));
    assert.ok(!existsSync(join(site.layout.leases, 'leases')));
    assert.equal(builds[0]?.complete, true, 'builds prove themselves');
  });

test('a list that was changed by somebody is not signed any more', async (t) => {
  const { fixture, site } = await start(t);
  await prepareLeases(fixture, lease(2050), ['other']);
  const path = join(fixture.stick, 'satchel/stick.json');
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll('sites/other/', 'sites/school/'));
  mkdirSync(join(fixture.stick, 'satchel/sites/school'));
  const { attachments, problems } = await fixture.load(site);
  assert.deepEqual(attachments, []);
  assert.ok(problems.some(({ code }) => code === 'stick-unsigned'));
});

test('an older stick does not bring older leases back', async (t) => {
  const { fixture, site } = await start(t);
  await prepareLeases(fixture, lease(2051));
  const old = fixture.path('old-stick');
  const { cpSync } = await import('node:fs');
  cpSync(fixture.stick, old, { recursive: true });
  fixture.time.now += day;
  await prepareLeases(fixture, lease(2052));
  await fixture.load(site);
  const { problems } = await fixture.load(site, { stick: old });
  assert.ok(problems.some(({ code }) => code === 'stick-attachment-older'));
  assert.equal(leaseOf(site), lease(2052));
  assert.equal((await handedOut(site)).lease, lease(2052));
});

test('leases that make no sense are told, and what is handed out stays', async (t) => {
  const { fixture, site } = await start(t);
  await prepareLeases(fixture, lease(2050));
  assert.deepEqual((await fixture.load(site)).problems, []);
  assert.deepEqual((await fixture.load(site)).problems, [], 'the same again');
  fixture.time.now += day;
  await prepareLeases(fixture, 'the leases of this month');
  const { problems } = await fixture.load(site);
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['stick-leases-wrong'],
  );
  assert.equal((await handedOut(site)).lease, lease(2050));
});

test('a clock at 1970 neither spoils a stick nor keeps one from running out', async (t) => {
  const { fixture, site } = await start(t);
  await prepareLeases(fixture, lease(2050));
  const clock = () => 0;
  const { attachments, problems } = await fixture.load(site, { clock });
  assert.deepEqual(problems, []);
  assert.equal(attachments.length, 1);

  // By what was signed later, the stick has run out, whatever the clock says.
  fixture.time.now += 200 * day;
  await fixture.publish('os-2', { a: 'b' });
  const newer = fixture.path('newer');
  mkdirSync(newer);
  await fixture.prepare({ stick: newer });
  await fixture.load(site, { stick: newer });
  const late = await fixture.load(site, { clock });
  assert.ok(late.problems.some(({ code }) => code === 'stick-expired'));

  const wrong = fixture.path('wrong');
  mkdirSync(wrong);
  const { expires } = await fixture.prepare({ stick: wrong, clock });
  assert.ok(Date.parse(expires) > fixture.time.now, 'made with a clock at 1970');
});
