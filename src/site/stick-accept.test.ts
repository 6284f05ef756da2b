import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { day } from '../trust/roles.ts';
import { type OfflineSite, type StickFixture, stickFixture } from './stick.fixture.ts';

const leaseOf = ({ layout }: OfflineSite) => readFileSync(join(layout.leases, 'leases'), 'utf8');

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
  writeFileSync(fixture.path('leases'), 'lease');
  writeFileSync(fixture.path('delegations'), 'delegation');
  await fixture.prepare({
    attachments: { leases: fixture.path('leases'), delegations: fixture.path('delegations'), activities },
  });
  const { attachments, problems } = await fixture.load(site);
  assert.deepEqual(problems, []);
  assert.equal(attachments.length, 3);
  assert.equal(leaseOf(site), 'lease');
  assert.equal(readFileSync(join(site.layout.leases, 'delegations'), 'utf8'), 'delegation');
  assert.equal(readFileSync(join(site.layout.directory, 'activities/games/Maze-3.xo'), 'utf8'), 'maze');
});

test('what is for another site is not taken', async (t) => {
  const { fixture, site } = await start(t);
  const other = await fixture.site('other');
  await prepareLeases(fixture, 'for the other', ['other']);
  assert.deepEqual((await fixture.load(site)).attachments, []);
  assert.ok(!existsSync(site.layout.leases));
  await fixture.load(other);
  assert.equal(leaseOf(other), 'for the other');
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
    await prepareLeases(fixture, 'lease');
    spoil(fixture);
    const { attachments, problems, builds } = await fixture.load(site);
    assert.deepEqual(attachments, []);
    assert.ok(problems.some((problem) => problem.code === code));
    assert.ok(!existsSync(join(site.layout.leases, 'leases')));
    assert.equal(builds[0]?.complete, true, 'builds prove themselves');
  });

test('a list that was changed by somebody is not signed any more', async (t) => {
  const { fixture, site } = await start(t);
  await prepareLeases(fixture, 'lease', ['other']);
  const path = join(fixture.stick, 'satchel/stick.json');
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll('sites/other/', 'sites/school/'));
  mkdirSync(join(fixture.stick, 'satchel/sites/school'));
  const { attachments, problems } = await fixture.load(site);
  assert.deepEqual(attachments, []);
  assert.ok(problems.some(({ code }) => code === 'stick-unsigned'));
});

test('an older stick does not bring older leases back', async (t) => {
  const { fixture, site } = await start(t);
  await prepareLeases(fixture, 'old');
  const old = fixture.path('old-stick');
  const { cpSync } = await import('node:fs');
  cpSync(fixture.stick, old, { recursive: true });
  fixture.time.now += day;
  await prepareLeases(fixture, 'new');
  await fixture.load(site);
  const { problems } = await fixture.load(site, { stick: old });
  assert.ok(problems.some(({ code }) => code === 'stick-attachment-older'));
  assert.equal(leaseOf(site), 'new');
});

test('a clock at 1970 neither spoils a stick nor keeps one from running out', async (t) => {
  const { fixture, site } = await start(t);
  await prepareLeases(fixture, 'lease');
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
