import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import type { DeviceReport } from '../device/report.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { fleetDatabase, fleetDirectory } from './layout.ts';
import { parseReports } from './report-schema.ts';
import { deviceReport, hex, siteReport } from './reports.testkit.ts';

const day = 86_400_000;
const school = 'a'.repeat(16);
const district = 'b'.repeat(16);

/** A fleet in a folder of its own, with a clock that a test moves. */
async function scene(t: { after(action: () => unknown): void }) {
  const scratch = scratchFolder('fleet');
  t.after(() => scratch.remove());
  const repository = scratch.file('repo');
  const time = { now: Date.parse('2026-03-01T12:00:00Z') };
  const clock = () => time.now;
  const fleet = await openFleet(repository, { clock });
  t.after(() => fleet.close());
  const reopen = async () => {
    const again = await openFleet(repository, { clock });
    t.after(() => again.close());
    return again;
  };
  return { repository, time, clock, fleet, reopen };
}

describe('reports', () => {
  test('are stored once, however often and by whatever ways they come', async (t) => {
    const { fleet, reopen } = await scene(t);
    const reports = [deviceReport(), deviceReport({ sequence: 2 })];
    assert.deepEqual(await fleet.storeReports(reports), { stored: 2, known: 0 });
    assert.deepEqual(await fleet.storeReports(reports, { site: school }), { stored: 0, known: 2 });
    const twice = deviceReport({ sequence: 3 });
    assert.deepEqual(await fleet.storeReports([twice, twice]), { stored: 1, known: 1 });
    const again = await reopen();
    assert.deepEqual(await again.storeReports([twice]), { stored: 0, known: 1 });
    assert.equal((await again.summary()).waiting, 3);
  });

  test('that come at the same moment are counted each by itself', async (t) => {
    const { fleet } = await scene(t);
    const shared = deviceReport();
    const answers = await Promise.all([
      fleet.storeReports([shared]),
      fleet.storeReports([shared, deviceReport({ sequence: 2 })]),
      fleet.storeReports([]),
    ]);
    assert.deepEqual(answers, [
      { stored: 1, known: 0 },
      { stored: 1, known: 1 },
      { stored: 0, known: 0 },
    ]);
  });

  test('tell the newest state of a device in whatever order they come', async (t) => {
    const { fleet, time } = await scene(t);
    const result = { build: 'b3', result: 'failed', bytesReceived: 1, requests: 1, seconds: 1 } as const;
    await fleet.storeReports([
      deviceReport({ sequence: 3, running: 'b3', event: 'update', result, made: '1970-01-01T00:00:10Z' }),
      deviceReport({ sequence: 1, running: 'b1' }),
    ]);
    time.now += day;
    await fleet.storeReports([deviceReport({ sequence: 2, running: 'b2', made: '2106-01-01T00:00:00Z' })]);
    const [device] = await fleet.devices();
    assert.equal(device?.running, 'b3');
    assert.equal(device?.firstSeen, '2026-03-01T12:00:00Z');
    assert.equal(device?.lastSeen, '2026-03-02T12:00:00Z');
    await fleet.storeReports([deviceReport({ sequence: 4, running: null, serial: 'SHC12900018' })]);
    const [later] = await fleet.devices();
    assert.deepEqual([later?.running, later?.serial, later?.result], [null, 'SHC12900018', result]);
  });

  test('of a month ago look like a month ago, and a clock that is wrong gives way to the receipt', async (t) => {
    const { fleet } = await scene(t);
    const received = '2026-03-01T12:00:00Z';
    const made = [
      '1970-01-01T00:00:10Z',
      '2026-02-01T00:00:00Z',
      '2026-02-03T00:00:00Z',
      '2106-01-01T00:00:00Z',
    ];
    await fleet.storeReports(
      made.map((time, at) => deviceReport({ device: String(at).repeat(32), made: time })),
    );
    assert.deepEqual(
      (await fleet.devices()).map(({ id, reported }) => [id[0], reported]),
      [
        ['0', received],
        ['3', received],
        ['2', '2026-02-03T00:00:00Z'],
        ['1', '2026-02-01T00:00:00Z'],
      ],
    );
  });

  test('of an old client give way to those that the laptop makes itself', async (t) => {
    const { fleet, time } = await scene(t);
    const [serial, alone] = ['SHC00000001', 'SHC00000002'];
    const old = (name: string, device: string) =>
      deviceReport({ serial: name, device: device.repeat(32), client: 'oats', running: null, sequence: 9 });
    await fleet.storeReports([old(serial, 'a'), old(alone, 'b')]);
    const listed = async () => (await fleet.devices()).map(({ id }) => id[0]).sort();
    assert.deepEqual(await listed(), ['a', 'b']);
    await fleet.storeReports([deviceReport({ serial }), deviceReport({ device: 'e'.repeat(32) })]);
    assert.deepEqual(await listed(), ['b', 'd', 'e']);
    const { devices, builds } = await fleet.summary();
    assert.equal(devices, 3);
    assert.deepEqual(builds, [
      { build: 'py802-1', devices: 2 },
      { build: null, devices: 1 },
    ]);
    // One that has gone back to an old client long ago is not what it was.
    time.now += 100 * day;
    await fleet.storeReports([{ ...old(serial, 'a'), id: hex(32), sequence: 10 }]);
    assert.deepEqual(await listed(), ['a', 'b', 'd', 'e']);
  });

  test('of anybody are not believed where they say which sites they passed, or that they are of a site', async (t) => {
    const { fleet } = await scene(t);
    await fleet.storeReports([
      deviceReport({ via: [school], received: '1999-01-01T00:00:00Z' }),
      siteReport(),
    ]);
    assert.deepEqual(await fleet.sites(), []);
    assert.equal((await fleet.devices())[0]?.site, null);
    const { reports } = await fleet.pendingForUpstream({ site: district });
    assert.deepEqual(
      reports.map(({ via, received }) => ({ via, received })),
      [{ via: [district], received: '2026-03-01T12:00:00Z' }],
    );
  });

  test('that a site passes on tell the way that they went', async (t) => {
    const { fleet } = await scene(t);
    const received = '2026-02-01T00:00:00Z';
    const reports = [
      deviceReport({ via: [school, district], received }),
      siteReport({ via: [school, district], received }),
      siteReport({ via: [district], site: district, name: 'district', builds: [] }),
      siteReport({ via: [district], site: school, name: 'not-itself', sequence: 9 }),
    ];
    assert.deepEqual(await fleet.storeReports(reports, { site: district }), { stored: 3, known: 1 });
    const sites = await fleet.sites();
    assert.deepEqual(
      sites.map(({ id, name, parent, devices }) => ({ id, name, parent, devices })),
      [
        { id: district, name: 'district', parent: null, devices: 0 },
        { id: school, name: 'school-7', parent: district, devices: 1 },
      ],
    );
    assert.deepEqual(sites[1]?.builds, [{ build: 'py802-1', complete: true }]);
    const own = 'c'.repeat(16);
    const pending = await fleet.pendingForUpstream({ site: own });
    assert.deepEqual(pending.reports[0]?.via, [school, district, own]);
    assert.equal(pending.reports[0]?.received, received);
    assert.deepEqual(parseReports({ satchel: 'reports', format: 1, reports: pending.reports }).refused, 0);
  });

  test('that were made by this place are forwarded with the others', async (t) => {
    const { fleet } = await scene(t);
    await fleet.storeReports([siteReport({ site: district })], { own: true });
    assert.deepEqual(await fleet.sites(), []);
    const { reports } = await fleet.pendingForUpstream({ site: district });
    assert.deepEqual(reports[0]?.via, [district]);
  });

  test('wait until they were forwarded, oldest first, in batches', async (t) => {
    const { fleet } = await scene(t);
    const reports = Array.from({ length: 1200 }, (_, at) => deviceReport({ sequence: at }));
    await fleet.storeReports(reports);
    const seen: string[] = [];
    const ids = async (choice: Parameters<Fleet['pendingForUpstream']>[0]) =>
      (await fleet.pendingForUpstream(choice)).reports.map(({ id }) => id);
    for (;;) {
      const batch = await ids({ site: school });
      if (batch.length === 0) break;
      assert.ok(batch.length <= 500);
      seen.push(...batch);
      await fleet.markForwarded(batch);
      await fleet.markForwarded(batch);
    }
    assert.deepEqual(
      seen,
      reports.map(({ id }) => id),
    );
    await fleet.storeReports([deviceReport(), deviceReport()]);
    assert.equal((await ids({ site: school, bytes: 1 })).length, 1);
    const first = await fleet.pendingForUpstream({ site: school, reports: 1 });
    assert.equal((await ids({ site: school, after: first.position })).length, 1);
  });

  test('go after 400 days; what they told of the device stays', async (t) => {
    const { fleet, time, reopen } = await scene(t);
    await fleet.storeReports([deviceReport()]);
    time.now += 399 * day;
    assert.equal(await fleet.removeOld(), 0);
    time.now += 2 * day;
    // The next that come take the old ones away without being told to.
    await fleet.storeReports([deviceReport({ device: 'e'.repeat(32) })]);
    await fleet.close();
    const again = await reopen();
    assert.equal((await again.summary()).waiting, 1);
    assert.equal((await again.devices()).length, 2);
  });
});

describe('lease requests', () => {
  test('are listed once a device, the newest', async (t) => {
    const { fleet, time } = await scene(t);
    const request: Partial<DeviceReport> = { event: 'lease-request', serial: 'SHC12900018' };
    await fleet.storeReports([deviceReport({ ...request, made: '2026-01-01T00:00:00Z' })]);
    await fleet.storeReports([deviceReport({ ...request, sequence: 2 })]);
    await fleet.storeReports([deviceReport({ event: 'lease-request', device: hex(32) })], { site: school });
    assert.deepEqual(
      (await fleet.leaseRequests()).map(({ serial, site, made }) => ({ serial, site, made })),
      [
        { serial: null, site: school, made: '2026-03-01T08:00:00Z' },
        { serial: 'SHC12900018', site: null, made: '2026-03-01T08:00:00Z' },
      ],
    );
    time.now += 91 * day;
    assert.deepEqual(await fleet.leaseRequests(), []);
  });
});

describe('tokens', () => {
  const site = { id: school, name: 'school-7' };
  const codeOf = async (action: Promise<unknown>) => {
    const error = await action.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return (error as { code?: string } | undefined)?.code;
  };

  test('let one site join, and the answer may be asked for again within the hour', async (t) => {
    const { fleet, time } = await scene(t);
    const { token, id } = await fleet.createToken({ note: 'for school 7' });
    assert.match(token, /^(?:[a-z2-9]{4}-){5}[a-z2-9]{4}$/);
    const first = await fleet.redeemToken(token.toUpperCase().replaceAll('-', ' '), site);
    assert.deepEqual(await fleet.siteOfCredential(first.credential), site);
    const second = await fleet.redeemToken(token, site);
    assert.equal(await fleet.siteOfCredential(first.credential), undefined);
    assert.deepEqual(await fleet.siteOfCredential(second.credential), site);
    const other = { id: district, name: 'district' };
    assert.equal(await codeOf(fleet.redeemToken(token, other)), 'site-token-used');
    time.now += 2 * 3_600_000;
    assert.equal(await codeOf(fleet.redeemToken(token, site)), 'site-token-used');
    const [listed] = await fleet.tokens();
    assert.deepEqual(
      [listed?.id, listed?.state, listed?.site, listed?.note],
      [id, 'used', site, 'for school 7'],
    );
  });

  test('are refused when they are unknown, too old or revoked', async (t) => {
    const { fleet, time } = await scene(t);
    assert.equal(await codeOf(fleet.redeemToken('aaaa-bbbb', site)), 'site-token-unknown');
    const { token } = await fleet.createToken();
    time.now += 30 * day;
    assert.equal(await codeOf(fleet.redeemToken(token, site)), 'site-token-expired');
    const revoked = await fleet.createToken();
    assert.equal((await fleet.revokeToken(revoked.id)).state, 'revoked');
    assert.equal(await codeOf(fleet.redeemToken(revoked.token, site)), 'site-token-revoked');
    assert.equal(await codeOf(fleet.revokeToken('00000000')), 'site-token-unknown');
  });

  test('that are revoked take the secret of their site with them', async (t) => {
    const { fleet } = await scene(t);
    const { token, id } = await fleet.createToken();
    const { credential } = await fleet.redeemToken(token, site);
    await fleet.revokeToken(id);
    assert.equal(await fleet.siteOfCredential(credential), undefined);
  });

  test('that are revoked end what comes by way of their site, until it joins anew', async (t) => {
    const { fleet, time } = await scene(t);
    const upper = await fleet.createToken();
    await fleet.redeemToken(upper.token, { id: district, name: 'district' });
    const { token, id } = await fleet.createToken();
    await fleet.redeemToken(token, site);
    const below = (sequence: number) => deviceReport({ sequence, via: [school, district] });
    await fleet.storeReports([below(1)], { site: district });
    await fleet.revokeToken(id);
    assert.deepEqual(
      await fleet.storeReports([below(2), deviceReport({ sequence: 3, via: [district] })], {
        site: district,
      }),
      { stored: 1, known: 0, dropped: 1, revoked: [school] },
    );
    assert.deepEqual(
      await fleet.storeReports([siteReport({ site: school, via: [school, district] })], { site: district }),
      {
        ...{ stored: 0, known: 0, dropped: 1, revoked: [school] },
      },
    );
    assert.deepEqual(
      (await fleet.sites()).map(({ id, revoked }) => [id, revoked]),
      [
        [district, false],
        [school, true],
      ],
    );
    // Also where nothing of it came, for it may have something to say tomorrow.
    assert.deepEqual((await fleet.storeReports([], { site: district })).revoked, [school]);
    assert.deepEqual(await fleet.storeReports([deviceReport({ via: [school] })]), { stored: 1, known: 0 });
    time.now += 1000;
    await fleet.redeemToken((await fleet.createToken()).token, site);
    assert.deepEqual(await fleet.storeReports([below(4)], { site: district }), { stored: 1, known: 0 });
  });

  test('of a site further down end in the middle too, unless it joined after that was said', async (t) => {
    const { fleet, time } = await scene(t);
    await fleet.rememberSite(site, { credential: 'secret' });
    assert.deepEqual(await fleet.refuseSites([site.id], { before: time.now - 1 }), []);
    assert.deepEqual(await fleet.siteOfCredential('secret'), site);
    assert.deepEqual(await fleet.refuseSites([site.id, district], { before: time.now }), [site.id]);
    assert.equal(await fleet.siteOfCredential('secret'), undefined);
    assert.deepEqual(await fleet.refuseSites([site.id], { before: time.now }), []);
  });

  test('of a site further down are known in the middle by their secret only', async (t) => {
    const { fleet } = await scene(t);
    await fleet.rememberSite(site, { credential: 'secret' });
    assert.deepEqual(await fleet.siteOfCredential('secret'), site);
    assert.deepEqual(await fleet.tokens(), []);
  });

  test('are nowhere on the disk', async (t) => {
    const { fleet, repository } = await scene(t);
    const { token } = await fleet.createToken();
    const { credential } = await fleet.redeemToken(token, site);
    await fleet.close();
    const bytes = readFileSync(fleetDatabase(repository), 'latin1');
    assert.ok(bytes.includes('school-7'));
    for (const secret of [token, token.replaceAll('-', ''), credential]) assert.ok(!bytes.includes(secret));
  });
});

describe('the database', () => {
  test('is for its owner only', async (t) => {
    const { repository } = await scene(t);
    assert.equal(statSync(fleetDirectory(repository)).mode & 0o777, 0o700);
    assert.equal(statSync(fleetDatabase(repository)).mode & 0o777, 0o600);
  });

  test('that is damaged or newer is left as it is, with a sentence', async (t) => {
    const { repository, clock, fleet } = await scene(t);
    await fleet.close();
    const database = new DatabaseSync(fleetDatabase(repository));
    database.exec("insert into migrations values ('999-later', 0)");
    database.close();
    await assert.rejects(openFleet(repository, { clock }), { code: 'fleet-newer' });
    writeFileSync(fleetDatabase(repository), 'nonsense '.repeat(1000));
    await assert.rejects(openFleet(repository, { clock }), { code: 'fleet-damaged' });
  });

  test('that may not grow refuses and keeps what it has', async (t) => {
    const { repository, clock, fleet } = await scene(t);
    await fleet.close();
    const small = await openFleet(repository, { clock, limit: 200_000 });
    t.after(() => small.close());
    const many = () => Array.from({ length: 2000 }, (_, at) => deviceReport({ sequence: at }));
    await assert.rejects(small.storeReports(many()), { code: 'fleet-full' });
    assert.equal((await small.summary()).waiting, 0);
    assert.deepEqual(await small.storeReports([deviceReport()]), { stored: 1, known: 0 });
  });

  test('serves several processes at a time', async (t) => {
    const { fleet, reopen } = await scene(t);
    const other = await reopen();
    const batch = (from: number) =>
      Array.from({ length: 300 }, (_, at) => deviceReport({ sequence: from + at, device: hex(32) }));
    const answers = await Promise.all([fleet.storeReports(batch(0)), other.storeReports(batch(300))]);
    assert.deepEqual(
      answers.map(({ stored }) => stored),
      [300, 300],
    );
    assert.equal((await fleet.summary()).devices, 600);
  });

  test('takes a hundred thousand reports in a few seconds', async (t) => {
    const { fleet } = await scene(t);
    const devices = Array.from({ length: 5000 }, () => hex(32));
    const reports = Array.from({ length: 100_000 }, (_, at) =>
      deviceReport({ sequence: at, device: devices[at % devices.length] as string }),
    );
    const began = performance.now();
    for (let start = 0; start < reports.length; start += 5000)
      await fleet.storeReports(reports.slice(start, start + 5000), { site: school });
    const seconds = (performance.now() - began) / 1000;
    t.diagnostic(`${Math.round(reports.length / seconds)} reports a second`);
    assert.ok(seconds < 30, `${seconds} s`);
    const { devices: count, builds, waiting } = await fleet.summary();
    assert.deepEqual([count, builds, waiting], [5000, [{ build: 'py802-1', devices: 5000 }], 100_000]);
  });
});
