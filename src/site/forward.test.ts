import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { SatchelError } from '../base/errors.ts';
import type { Report } from '../device/report.ts';
import { type Fleet, openFleet } from '../fleet/fleet.ts';
import { parseReports } from '../fleet/report-schema.ts';
import { deviceReport } from '../fleet/reports.testkit.ts';
import { type ForwardingSite, forwardReports, startForwarder } from './forward.ts';
import { siteLayout } from './layout.ts';
import { readLinkState } from './link-file.ts';
import { defaultSiteSettings } from './settings.ts';
import { readSiteLog } from './site-log.testkit.ts';
import type { UpstreamAnswer } from './upstream.ts';

const day = 86_400_000;
const school = 'a'.repeat(16);

type Answering = (reports: readonly Report[], body: string) => Promise<UpstreamAnswer>;

const answerOf = (status: number, value: unknown): UpstreamAnswer => ({
  status,
  body: Buffer.from(JSON.stringify(value)),
});

/** A site and its origin, joined by a link that a test decides about. */
async function scene(context: TestContext) {
  const scratch = scratchFolder('forward');
  context.after(() => scratch.remove());
  const time = { now: Date.parse('2026-03-01T12:00:00Z') };
  const clock = () => time.now;
  const open = async (name: string): Promise<Fleet> => {
    const fleet = await openFleet(scratch.file(name), { clock });
    context.after(() => fleet.close());
    return fleet;
  };
  const [origin, fleet] = [await open('origin'), await open('site')];
  const { token } = await origin.createToken();
  const { credential } = await origin.redeemToken(token, { id: school, name: 'school' });
  const store: Answering = async (_, body) => {
    const { reports } = parseReports(JSON.parse(body));
    const site = (await origin.siteOfCredential(credential))?.id;
    return answerOf(200, await origin.storeReports(reports, { site }));
  };
  const link = { answer: store, requests: 0, isDown: false };
  const failures: unknown[] = [];
  const layout = { ...siteLayout(scratch.file('site')), repository: scratch.path };
  const site: ForwardingSite = {
    layout,
    settings: () => ({
      ...defaultSiteSettings,
      id: school,
      name: 'school',
      upstream: 'http://up/',
      credential,
    }),
    upstream: {
      hasApi: true,
      isDown: () => link.isDown,
      async request({ body, signal }) {
        signal?.throwIfAborted();
        link.requests += 1;
        const text = String(body);
        return link.answer((JSON.parse(text) as { reports: Report[] }).reports, text);
      },
    },
    fleet,
    held: async () => [
      { name: 'py802-1', held: 10, total: 10 },
      { name: 'py802-2', held: 3, total: 10 },
      { name: 'py802-3', held: 0, total: 10 },
    ],
    clock,
    onFailure: (error) => failures.push(error),
  };
  return { site, fleet, origin, link, store, time, failures, signal: new AbortController().signal };
}

/** Pauses that a test ends. */
function steps() {
  let waiting = Promise.withResolvers<void>();
  let end = () => {};
  let last = 0;
  return {
    last: () => last,
    pause: (milliseconds: number, signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        last = milliseconds;
        end = resolve;
        signal.addEventListener('abort', () => reject(signal.reason));
        waiting.resolve();
      }),
    /** Resolves when the round is over. */
    async next() {
      await waiting.promise;
      waiting = Promise.withResolvers();
      end();
      await waiting.promise;
    },
  };
}

const many = (count: number) => Array.from({ length: count }, (_, at) => deviceReport({ sequence: at }));
const down = () =>
  Promise.reject(new SatchelError('site-upstream-down', { upstream: 'http://up/', retryAfter: 1 }));

describe('a site', () => {
  test('loses nothing over a month offline, and nothing counts twice', async (context) => {
    const { site, fleet, origin, link, store, time, signal } = await scene(context);
    link.answer = down;
    const all: string[] = [];
    for (let at = 0; at < 30; at += 1) {
      const reports = many(40);
      all.push(...reports.map(({ id }) => id));
      await fleet.storeReports(reports);
      await assert.rejects(forwardReports(site, signal), { code: 'site-upstream-down' });
      time.now += day;
    }
    // The first batch arrives, but its answer is lost.
    link.answer = async (reports, body) => {
      await store(reports, body);
      return down();
    };
    await assert.rejects(forwardReports(site, signal), { code: 'site-upstream-down' });
    const { waiting } = await origin.summary();
    assert.ok(waiting > 0 && waiting < 600, String(waiting));
    // A stick had brought some of them home before.
    const carried = await fleet.pendingForUpstream({ site: school, after: 600, reports: 100 });
    assert.equal((await origin.storeReports(carried.reports, { site: school })).stored, 100);
    link.answer = store;
    assert.deepEqual(await forwardReports(site, signal), { forwarded: 1200, refused: 0 });
    assert.deepEqual(await forwardReports(site, signal), { forwarded: 0, refused: 0 });
    const there = await origin.pendingForUpstream({ site: 'b'.repeat(16), reports: 2000, bytes: 1e9 });
    assert.deepEqual(there.reports.map(({ id }) => id).sort(), all.sort());
    assert.equal(there.reports[0]?.received, '2026-03-01T12:00:00Z');
    assert.equal((await origin.devices())[0]?.site, school);
  });

  test('sends the reports of a class in few requests, none longer than a thin link brings in half a minute', async (context) => {
    const { site, fleet, link, store, signal } = await scene(context);
    let longest = 0;
    link.answer = (reports, body) => {
      longest = Math.max(longest, Buffer.byteLength(body));
      return store(reports, body);
    };
    await fleet.storeReports(many(1400));
    await forwardReports(site, signal);
    assert.ok(link.requests < 10, String(link.requests));
    assert.ok(longest < 66_000, String(longest));
  });

  test('leaves out the one report that the place above does not understand, and notes it', async (context) => {
    const { site, fleet, link, store, signal, origin } = await scene(context);
    const reports = many(20);
    const bad = reports[13]?.id;
    await fleet.storeReports(reports);
    link.answer = async (sent, body) =>
      sent.some(({ id }) => id === bad) ? answerOf(400, { code: 'report-invalid' }) : store(sent, body);
    assert.deepEqual(await forwardReports(site, signal), { forwarded: 19, refused: 1 });
    assert.equal((await origin.summary()).waiting, 19);
    assert.deepEqual(
      readSiteLog(site.layout).map(({ event, report }) => ({ event, report })),
      [{ event: 'report-refused', report: bad }],
    );
  });

  test('keeps its reports where nobody takes them', async (context) => {
    const { site, fleet, link, signal } = await scene(context);
    await fleet.storeReports(many(3));
    const stopped = async (status: number, code: string) => {
      link.answer = async () => answerOf(status, { code });
      return (await forwardReports(site, signal)).stopped;
    };
    assert.equal(await stopped(403, 'site-credential-unknown'), 'not-known');
    assert.equal(await stopped(405, ''), 'no-api');
    assert.equal(await stopped(400, 'record-newer'), 'not-understood');
    const { credential: _, ...joined } = site.settings();
    assert.equal((await forwardReports({ ...site, settings: () => joined }, signal)).stopped, 'no-token');
    assert.equal((await fleet.summary()).waiting, 3);
  });

  test('hears that a site below it was revoked, and refuses it from then on', async (context) => {
    const { site, fleet, origin, link, signal } = await scene(context);
    const below = { id: 'b'.repeat(16), name: 'room' };
    const { token, id } = await origin.createToken();
    await fleet.rememberSite(below, await origin.redeemToken(token, below));
    await fleet.storeReports(many(3), { site: below.id });
    await forwardReports(site, signal);
    assert.equal((await origin.summary()).waiting, 3);
    await origin.revokeToken(id);
    await fleet.storeReports(many(2), { site: below.id });
    const { reports } = await fleet.pendingForUpstream({ site: school });
    assert.equal(reports.length, 2);
    // As `placeApi` counts them.
    const { answer } = link;
    link.answer = async (sent, body) => {
      const { dropped, ...rest } = JSON.parse(Buffer.from((await answer(sent, body)).body).toString());
      return answerOf(200, { ...rest, refused: dropped });
    };
    assert.deepEqual(await forwardReports(site, signal), { forwarded: 0, refused: 2 });
    assert.equal((await origin.summary()).waiting, 3);
    assert.equal((await fleet.summary()).waiting, 0);
    assert.deepEqual(
      readSiteLog(site.layout).map(({ event, site, count }) => ({ event, site, count })),
      [
        { event: 'reports-dropped', site: undefined, count: 2 },
        { event: 'site-revoked', site: below.id, count: undefined },
      ],
    );
    const { stored, dropped } = await fleet.storeReports(many(1), { site: below.id });
    assert.deepEqual([stored, dropped], [0, 1]);
  });

  test('takes any answer of a place that took the reports, whatever is in it', async (context) => {
    const { site, fleet, link, signal } = await scene(context);
    for (const body of [
      '',
      'null',
      '[]',
      '{"refused":-3,"revoked":7}',
      '{"refused":"x","revoked":["../",{}]}',
    ]) {
      link.answer = async () => ({ status: 200, body: Buffer.from(body) });
      await fleet.storeReports(many(1));
      assert.deepEqual(await forwardReports(site, signal), { forwarded: 1, refused: 0 });
    }
  });

  test('whose token was revoked knows it, says it once, and sends at once when it has a new one', async (context) => {
    const { site, fleet, origin, link, store, failures } = await scene(context);
    const settings = { ...site.settings() };
    const rounds = steps();
    const forwarder = startForwarder({ ...site, settings: () => settings }, { pause: rounds.pause });
    link.answer = async () => answerOf(403, { code: 'site-credential-unknown', message: '…' });
    await fleet.storeReports(many(2));
    await rounds.next();
    await rounds.next();
    assert.equal(link.requests, 1);
    assert.deepEqual(
      failures.map((error) => (error as SatchelError).code),
      ['site-reports-revoked'],
    );
    assert.equal(readLinkState(site.layout).reports?.code, 'site-reports-revoked');
    link.answer = store;
    Object.assign(settings, { credential: 'new' });
    await rounds.next();
    assert.equal((await origin.summary()).waiting, 3);
    assert.equal(readLinkState(site.layout).reports, undefined);
    await forwarder.close();
  });

  test('tells of builds within a round of their coming, and looks each minute while it has none', async (context) => {
    const { site, origin, time } = await scene(context);
    const held = { now: 3 };
    const rounds = steps();
    const forwarder = startForwarder(
      { ...site, held: async () => [{ name: 'py802-1', held: held.now, total: 10 }] },
      { pause: rounds.pause },
    );
    const told = async () => (await origin.sites())[0]?.builds;
    await rounds.next();
    assert.deepEqual(await told(), [{ build: 'py802-1', complete: false }]);
    assert.equal(rounds.last(), 60_000);
    time.now += 60_000;
    held.now = 10;
    await rounds.next();
    assert.deepEqual(await told(), [{ build: 'py802-1', complete: true }]);
    assert.equal(rounds.last(), 300_000);
    await forwarder.close();
  });

  test('tells by itself what it has, once until something changes or a day has passed', async (context) => {
    const { site, origin, fleet, time, failures, link } = await scene(context);
    const rounds = steps();
    const forwarder = startForwarder(site, { pause: rounds.pause });
    const round = rounds.next;
    await fleet.storeReports([deviceReport({ running: 'py802-1' })]);
    await round();
    const [known] = await origin.sites();
    assert.deepEqual([known?.name, known?.devices], ['school', 1]);
    assert.deepEqual(known?.builds, [
      { build: 'py802-1', complete: true },
      { build: 'py802-2', complete: false },
    ]);
    assert.equal(link.requests, 1);
    for (let hour = 0; hour < 3; hour += 1) {
      time.now += day / 24;
      await round();
    }
    assert.equal(link.requests, 1);
    time.now += day;
    await round();
    assert.equal(link.requests, 2);
    link.isDown = true;
    await fleet.storeReports(many(1));
    await round();
    assert.equal(link.requests, 2);
    link.isDown = false;
    link.answer = async () => answerOf(404, {});
    await round();
    await round();
    assert.equal(link.requests, 3);
    await forwarder.close();
    assert.deepEqual(
      failures.map((error) => (error as SatchelError).code),
      ['site-upstream-without-api'],
    );
  });
});
