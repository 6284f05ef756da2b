import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { Clock } from '../base/clock.ts';
import { writeConfiguration } from './configuration.ts';
import { configureDevice } from './configure.ts';
import { emptyDevice } from './device.fixture.ts';
import { recordEnd } from './journal.ts';
import type { DeviceLayout } from './layout.ts';
import { countedAsk, openMeteredSource } from './open-source.ts';
import type { DeviceReport, ReportBatch } from './report.ts';
import { isReportDue, makeReport, noteReport } from './report-make.ts';
import { readMaker } from './report-maker.ts';
import { readQueue } from './report-queue.ts';
import { sendReports, tellReports } from './send-report.ts';

const day = 86_400_000;

type Answering = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A place that answers reports as a test wants. */
async function startPlace(context: TestContext) {
  const batches: ReportBatch[] = [];
  const accept: Answering = (_, response) => response.end('{"stored":1,"known":0}');
  const place = { batches, url: '', requests: 0, answer: accept };
  const server = createServer((request, response) => {
    place.requests += 1;
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => {
      body += piece;
    });
    request.on('end', () => {
      if (request.method === 'POST' && request.url === '/repo/api/v1/reports')
        batches.push(JSON.parse(body) as ReportBatch);
      place.answer(request, response, body);
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  place.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/repo`;
  return place;
}

/** A device that follows a source, with a clock that a test moves. */
function device(context: TestContext, source = 'http://127.0.0.1:9/') {
  const layout = emptyDevice(context);
  writeConfiguration(layout, { source });
  const time = { now: Date.parse('2026-03-01T12:00:00Z') };
  const clock: Clock = () => time.now;
  return { layout, time, clock };
}

async function listener(context: TestContext, layout: DeviceLayout, address: string, clock: Clock) {
  const { store } = await openMeteredSource(layout, {
    address,
    clock,
    monthlyBytes: undefined,
    patience: undefined,
  });
  context.after(() => store.close());
  return { layout, store, ask: countedAsk(store) };
}

const waiting = (layout: DeviceLayout) => readQueue(layout).map(({ report }) => report);

describe('what a device writes down', () => {
  test('is bounded, newest kept, each with its number', (context) => {
    const reporting = device(context);
    for (let made = 0; made < 205; made += 1) makeReport(reporting, { event: 'state' });
    const reports = waiting(reporting.layout);
    assert.equal(reports.length, 200);
    assert.deepEqual([reports[0]?.sequence, reports.at(-1)?.sequence], [6, 205]);
    assert.equal(new Set(reports.map(({ id }) => id)).size, 200);
    assert.equal(new Set(reports.map(({ device }) => device)).size, 1);
  });

  test('tells how an update ended', (context) => {
    const { layout, clock } = device(context);
    const cost = { build: 'b2', from: 'b1', bytesReceived: 5, requests: 2, seconds: 1.5 } as Parameters<
      typeof recordEnd
    >[1];
    recordEnd({ layout, clock }, cost, 'failed', 'plan-no-space');
    const [report] = waiting(layout);
    assert.equal(report?.event, 'update');
    assert.deepEqual(report?.result, { ...cost, result: 'failed', code: 'plan-no-space' });
    assert.equal(report?.made, '2026-03-01T12:00:00Z');
    assert.equal(report?.stream, 'stable');
    assert.ok((report?.disk.total ?? 0) > 0);
  });

  test('is of another device when its disk was copied to one', (context) => {
    const { layout, clock } = device(context);
    const serial = join(layout.root, 'ofw/mfg-data');
    mkdirSync(serial, { recursive: true });
    writeFileSync(join(serial, 'SN'), 'SHC12900018\0');
    const first = makeReport({ layout, clock }, { event: 'state' });
    assert.equal(first.serial, 'SHC12900018');
    writeFileSync(join(serial, 'SN'), 'SHC12900019\0');
    const second = makeReport({ layout, clock }, { event: 'state' });
    assert.notEqual(second.device, first.device);
    assert.equal(second.sequence, 1);
    // Where the serial number cannot be read it is the same device all the same.
    writeFileSync(join(serial, 'SN'), '');
    assert.equal(makeReport({ layout, clock }, { event: 'state' }).device, second.device);
  });

  test('is nothing on a device that follows no source, or whose operator wants none', (context) => {
    const { layout, clock } = device(context);
    noteReport({ layout, clock }, { event: 'state' });
    assert.equal(waiting(layout).length, 1);
    configureDevice(layout.root, { reports: false });
    noteReport({ layout, clock }, { event: 'state' });
    assert.equal(waiting(layout).length, 0);
    assert.equal(isReportDue({ layout, clock }), false);
    configureDevice(layout.root, { reports: true });
    noteReport({ layout, clock }, { event: 'state' });
    assert.equal(isReportDue({ layout, clock }), true);
    writeConfiguration(layout, {});
    noteReport({ layout, clock }, { event: 'state' });
    assert.equal(waiting(layout).length, 1);
    assert.equal(isReportDue({ layout, clock }), false);
  });

  test('survives damage: what cannot be read is left out', (context) => {
    const { layout, clock } = device(context);
    const report = makeReport({ layout, clock }, { event: 'state' });
    const [file] = readQueue(layout).map((queued) => queued.file);
    writeFileSync(file as string, '{"id":');
    assert.deepEqual(waiting(layout), []);
    assert.deepEqual(readdirSync(layout.reports), ['maker.json']);
    writeFileSync(join(layout.reports, 'maker.json'), 'nonsense');
    assert.notEqual(makeReport({ layout, clock }, { event: 'state' }).device, report.device);
  });

  test('may not be written: the update does not mind', (context) => {
    const { layout, clock } = device(context);
    writeFileSync(join(layout.own, 'reports-file'), '');
    const broken = { ...layout, reports: join(layout.own, 'reports-file', 'below') };
    noteReport({ layout: broken, clock }, { event: 'state' });
    assert.equal(isReportDue({ layout: broken, clock }), true);
  });
});

describe('telling', () => {
  test('goes in one request, and what was taken waits no more', async (context) => {
    const place = await startPlace(context);
    const { layout, clock, time } = device(context, place.url);
    const to = await listener(context, layout, place.url, clock);
    noteReport({ layout, clock }, { event: 'rollback' });
    assert.equal(await tellReports(to, { clock }), 1);
    assert.deepEqual(
      place.batches[0]?.reports.map(({ event }) => event),
      ['rollback'],
    );
    assert.equal(isReportDue({ layout, clock }), false);
    assert.equal(await tellReports(to, { clock }), 0);
    assert.equal(place.requests, 1);
    assert.ok(to.store.counters().bytesReceived > 0);
    time.now += day;
    assert.equal(isReportDue({ layout, clock }), true);
    assert.equal(await tellReports(to, { clock }), 1);
    assert.equal(place.batches[1]?.reports[0]?.event, 'state');
    time.now = Date.parse('1970-01-01T00:00:00Z');
    assert.equal(isReportDue({ layout, clock }), true);
  });

  test('leaves a web server that takes none alone for a day', async (context) => {
    const place = await startPlace(context);
    const { layout, clock, time } = device(context, place.url);
    const to = await listener(context, layout, place.url, clock);
    for (const status of [405, 404, 403, 302]) {
      place.answer = (_, response) => response.writeHead(status, { Location: '/elsewhere' }).end();
      noteReport({ layout, clock }, { event: 'update' });
      const before = place.requests;
      assert.equal(await tellReports(to, { clock }), 0);
      assert.equal(await tellReports(to, { clock }), 0);
      assert.equal(place.requests, before + 1, String(status));
      assert.equal(readMaker(layout)?.refused?.source, to.store.location);
      time.now += day;
    }
    assert.ok(waiting(layout).length >= 4);
  });

  test('keeps what a place could not store, and drops what it will never understand', async (context) => {
    const place = await startPlace(context);
    const { layout, clock } = device(context, place.url);
    const to = await listener(context, layout, place.url, clock);
    noteReport({ layout, clock }, { event: 'update' });
    place.answer = (_, response) => response.writeHead(503).end('{"code":"fleet-full","message":""}');
    assert.equal(await tellReports(to, { clock }), 0);
    place.answer = (_, response) => response.writeHead(400).end('{"code":"record-newer","message":""}');
    assert.equal((await sendReports(to, { clock })).waiting, 1);
    place.answer = (_, response) => response.writeHead(400).end('{"code":"report-invalid","message":""}');
    assert.deepEqual(await sendReports(to, { clock }), { sent: 0, waiting: 0, refused: 400 });
  });

  test('never throws, whatever the place does', async (context) => {
    const place = await startPlace(context);
    const { layout, clock } = device(context, place.url);
    const to = await listener(context, layout, place.url, clock);
    noteReport({ layout, clock }, { event: 'update' });
    place.answer = (request) => request.socket.resetAndDestroy();
    assert.equal(await tellReports(to, { clock }), 0);
    place.answer = (_, response) => response.end('x'.repeat(1_000_000));
    assert.equal(await tellReports(to, { clock }), 0);
    assert.equal(waiting(layout).length, 1);
    assert.equal(await tellReports(to, { clock, signal: AbortSignal.abort() }), 0);
  });

  test('tells at once what a thin link brings in three seconds, and the rest another time', async (context) => {
    const place = await startPlace(context);
    const { layout, clock } = device(context, place.url);
    const to = await listener(context, layout, place.url, clock);
    for (let made = 0; made < 150; made += 1) noteReport({ layout, clock }, { event: 'update' });
    let left = waiting(layout).length;
    for (let time = 0; time < 3; time += 1) {
      const sent = await tellReports(to, { clock });
      assert.ok(sent > 10 && sent < 150, String(sent));
      assert.ok(JSON.stringify(place.batches.at(-1)).length < 17_000);
      left -= sent;
      assert.equal(waiting(layout).length, left);
    }
    assert.equal((await sendReports(to, { clock })).waiting, 0);
  });

  test('waits three seconds and no longer', async (context) => {
    const place = await startPlace(context);
    const { layout, clock } = device(context, place.url);
    const to = await listener(context, layout, place.url, clock);
    noteReport({ layout, clock }, { event: 'update' });
    place.answer = () => undefined;
    const began = performance.now();
    assert.equal(await tellReports(to, { clock }), 0);
    assert.ok(performance.now() - began < 6000);
    assert.equal(waiting(layout).length, 1);
  });
});

describe('a stick', () => {
  function stick(layout: DeviceLayout) {
    const top = join(layout.root, 'media');
    mkdirSync(join(top, 'satchel/repo'), { recursive: true });
    writeFileSync(join(top, 'satchel/stick.json'), '{}');
    return { top, folder: join(top, 'satchel/reports') };
  }

  test('carries each report once; on the device they wait for the network', async (context) => {
    const { layout, clock } = device(context);
    const { top, folder } = stick(layout);
    const to = await listener(context, layout, top, clock);
    const report = makeReport({ layout, clock }, { event: 'update' });
    assert.equal(await tellReports(to, { clock }), 1);
    const name = `${report.device}-${report.id}.json`;
    assert.deepEqual(readdirSync(folder), [name]);
    assert.deepEqual(JSON.parse(readFileSync(join(folder, name), 'utf8')) as DeviceReport, report);
    assert.equal(await tellReports(to, { clock }), 0);
    const place = await startPlace(context);
    assert.equal(await tellReports(await listener(context, layout, place.url, clock), { clock }), 1);
    assert.deepEqual(place.batches[0]?.reports, [report]);
    assert.deepEqual(waiting(layout), []);
  });

  test('whose folder leads elsewhere is left alone', async (context) => {
    const { layout, clock } = device(context);
    const { top, folder } = stick(layout);
    const elsewhere = join(layout.root, 'elsewhere');
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, folder);
    makeReport({ layout, clock }, { event: 'update' });
    assert.equal(await tellReports(await listener(context, layout, top, clock), { clock }), 0);
    assert.deepEqual(readdirSync(elsewhere), []);
  });

  test('is no plain directory', async (context) => {
    const { layout, clock } = device(context);
    makeReport({ layout, clock }, { event: 'update' });
    const to = await listener(context, layout, layout.home, clock);
    assert.deepEqual(await sendReports(to, { clock }), { sent: 0, waiting: 1, noWay: true });
    assert.deepEqual(readdirSync(layout.home), []);
  });
});
