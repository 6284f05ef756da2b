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
import { defaultSiteSettings } from './settings.ts';
import { readSiteLog } from './site-log.ts';
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
    assert.equal((await origin.summary()).waiting, 500);
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

  test('sends the reports of a class in few requests', async (context) => {
    const { site, fleet, link, signal } = await scene(context);
    await fleet.storeReports(many(1400));
    await forwardReports(site, signal);
    assert.equal(link.requests, 3);
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

  test('tells by itself what it has, once until something changes or a day has passed', async (context) => {
    const { site, origin, fleet, time, failures, link } = await scene(context);
    const waits: (() => void)[] = [];
    const rounds = { waiting: Promise.withResolvers<void>() };
    const forwarder = startForwarder(site, {
      pause: (_, signal) =>
        new Promise((resolve, reject) => {
          waits.push(resolve);
          signal.addEventListener('abort', () => reject(signal.reason));
          rounds.waiting.resolve();
        }),
    });
    const round = async () => {
      await rounds.waiting.promise;
      rounds.waiting = Promise.withResolvers();
      waits.pop()?.();
      await rounds.waiting.promise;
    };
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
    assert.deepEqual(failures, []);
  });
});
