/** What devices, sites and upstreams tell each other: reports, answers, tokens, names on the local network, windows. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { placeOf } from '../../src/device/discover.ts';
import type { Report } from '../../src/device/report.ts';
import { type Fleet, openFleet } from '../../src/fleet/fleet.ts';
import { parseReports } from '../../src/fleet/report-schema.ts';
import { deviceReport, siteReport } from '../../src/fleet/reports.testkit.ts';
import { finishTime, nextOpening, parseWindow } from '../../src/plan/window.ts';
import { parseStreamRecord, recordBytes } from '../../src/repository/records.ts';
import { placeApi } from '../../src/server/place-api.ts';
import { isLoop, viaOf } from '../../src/server/via.ts';
import { admitSite, askPlace, refuseLoop } from '../../src/site/join-place.ts';
import type { Upstream } from '../../src/site/upstream.ts';
import { openMulticast } from '../../src/store/mdns.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { fuzzSubject, type Random } from './fuzz.testkit.ts';
import { anyFile, fileSubject, hugeFiles } from './fuzz-file.testkit.ts';
import { type Json, mutateJson } from './fuzz-json.testkit.ts';

const sha = (text: string) => hash('sha256', text);
const time = '2026-03-01T08:00:00Z';
const id = 'a'.repeat(16);

suite('reports', () => {
  const device = deviceReport({
    ...{
      event: 'update',
      serial: 'SHC123',
      model: 'XO-1',
      previous: null,
      stream: 'stable',
      via: [id],
      received: time,
    },
    result: {
      build: 'b',
      from: 'a',
      result: 'failed',
      code: 'disk-full',
      bytesReceived: 9,
      requests: 3,
      seconds: 1.5,
    },
  });
  const batch = { satchel: 'reports', format: 1, reports: [device, siteReport()] } as unknown as {
    [key: string]: Json;
  };
  const parse = (bytes: Buffer) => {
    // As the server does before anybody looks at it.
    const value = jsonOf(bytes);
    return value === undefined ? { reports: [], refused: 0 } : parseReports(value);
  };
  const codes = /^(report-invalid|record-newer)$/;
  const scratch = scratchFolder('fuzz-reports');
  let fleet: Fleet;
  before(async () => {
    fleet = await openFleet(scratch.file('origin'), { clock: () => Date.parse(time) });
  });
  after(async () => {
    await fleet.close();
    scratch.remove();
  });

  test('a batch: what is accepted is short, plain and the same when it is read again', async () => {
    await fuzzSubject(
      fileSubject('reports', [batch], parse, {
        codes,
        accepted({ reports }) {
          assert.deepEqual(parseReports({ ...batch, reports }).reports, reports);
          for (const text of textsIn(reports)) {
            assert.ok(text.length <= 128);
            assert.doesNotMatch(text, /\p{C}/u);
          }
        },
      }),
    );
  });

  test('what is accepted can be stored, listed and passed on', async () => {
    const all: Report[] = [];
    await fuzzSubject(
      fileSubject('stored reports', [batch], parse, {
        codes,
        accepted: ({ reports }) => void all.push(...reports),
        share: 0.3,
      }),
    );
    const { stored, known } = await fleet.storeReports(all, { site: id });
    assert.equal(stored + known, all.length);
    const [devices, sites, summary] = await Promise.all([fleet.devices(), fleet.sites(), fleet.summary()]);
    assert.ok(devices.length > 0 && sites.length > 0 && summary !== undefined);
    for (let after: number | undefined; ; ) {
      const pending = await fleet.pendingForUpstream({ site: id, after });
      if (pending.reports.length === 0) break;
      after = pending.position;
      assert.equal(parseReports({ ...batch, reports: pending.reports }).refused, 0);
    }
  });

  test('a batch as long as a site may send is judged in time', () => {
    for (const field of ['reports', 'unknown'])
      for (const bytes of hugeFiles(batch, field, 4 * 1024 ** 2)) {
        const started = performance.now();
        try {
          parse(bytes);
        } catch (error) {
          assert.match((error as { code: string }).code, codes);
        }
        assert.ok(performance.now() - started < 20_000);
      }
  });
});

suite('answers of an upstream', () => {
  const place = {
    satchel: 'place',
    format: 1,
    kind: 'site',
    id,
    name: 'school',
    chain: [id, 'b'.repeat(16)],
  };
  const refusal = { code: 'site-token-used', message: 'This token has been used by “school-3” already.' };
  const statuses = [200, 200, 200, 400, 403, 404, 405, 413, 508];
  const answering = (answer: { readonly status: number; readonly body: Uint8Array }) =>
    ({ location: 'https://os.example/', hasApi: true, request: async () => answer }) as unknown as Upstream;
  const input = (samples: readonly Json[]) => (random: Random) => ({
    status: statuses[random(statuses.length)]!,
    body: anyFile(samples, random),
  });

  test('what a place is: something, or nothing that is known of it', async () => {
    await fuzzSubject({
      name: 'place',
      input: input([place]),
      async parse(answer) {
        const upstream = answering(answer);
        const found = await askPlace(upstream);
        refuseLoop(found, 'c'.repeat(16), upstream);
        return found;
      },
      accepted: (found) => assert.ok(found === undefined || found.chain.length <= 64),
      codes: /^site-loop$/,
    });
  });

  test('the answer to a token: a credential that a header can carry, or a sentence', async () => {
    await fuzzSubject({
      name: 'token answer',
      input: input([{ credential: 'x'.repeat(43) }, refusal]),
      parse: (answer) => admitSite(answering(answer), { token: 't', site: { id, name: 'school' } }),
      accepted: ({ credential }) => assert.match(credential, /^[\x21-\x7e]{1,200}$/),
      codes: /^(record-invalid|site-(token-.*|upstream-(without-api|refused)))$/,
    });
  });
});

suite('questions to a place', () => {
  test('joining: no token but the right one', async (context) => {
    const scratch = scratchFolder('fuzz-join');
    const fleet = await openFleet(scratch.file('origin'), { clock: () => Date.parse(time) });
    context.after(async () => {
      await fleet.close();
      scratch.remove();
    });
    const { token } = await fleet.createToken();
    const api = placeApi({ fleet: async () => fleet, place: async () => assert.fail() });
    const folded = (text: unknown) =>
      typeof text === 'string' ? text.toLowerCase().replace(/[\s-]/g, '') : '';
    await fuzzSubject(
      fileSubject(
        'joining',
        [{ token, site: { id, name: 'school' } }],
        (bytes) => api.admitSite(jsonOf(bytes), { signal: new AbortController().signal }),
        {
          accepted(_, bytes) {
            assert.equal(folded((jsonOf(bytes) as { token: unknown }).token), folded(token));
          },
          codes: /^(record-invalid|site-token-(unknown|used))$/,
          share: 0.5,
        },
      ),
    );
  });

  test('the way that a request has come', async () => {
    await fuzzSubject({
      name: 'via',
      input: (random) =>
        Array.from({ length: random(40) }, () => [id, 'b', ' ', '', 'x'.repeat(300)][random(5)]!).join(','),
      parse: (text) => viaOf({ headers: { 'satchel-via': text } }),
      accepted(via, text) {
        assert.ok(via.length <= 1000 && !via.includes(''));
        if (text.slice(0, 1900).split(',').includes(id)) assert.ok(isLoop(via, id));
      },
    });
  });
});

suite('the local network', () => {
  const org = sha('root');
  const names = {
    type: '_satchel._tcp.local',
    instance: 'school._satchel._tcp.local',
    host: 'satchel.local',
  };

  test('what is told in a TXT record leads to the host that told it, or nowhere', async () => {
    await fuzzSubject({
      name: 'TXT record',
      input: (random) => mutateJson({ port: 8400, txt: { org, path: '/repo', id } }, random) as object,
      parse: (answer) => placeOf({ port: 0, ...answer, referer: { address: '10.0.0.7' } }, org),
      accepted(address) {
        if (address === undefined) return;
        const { protocol, hostname, username, search, hash: fragment } = new URL(address);
        assert.deepEqual([protocol, hostname, username, search, fragment], ['http:', '10.0.0.7', '', '', '']);
      },
    });
  });

  test('answers that nobody expects end neither the search nor the program', async () => {
    const network = await openMulticast('127.0.0.1');
    const heard: unknown[] = [];
    network.bonjour.find({ type: 'satchel' }, (service) => heard.push(placeOf(service, org)));
    const { mdns } = (
      network.bonjour as unknown as { server: { mdns: { emit(event: string, ...values: unknown[]): void } } }
    ).server;
    const txt = [`org=${org}`, 'path=/repo'].map((text) => [...Buffer.from(text)]);
    const sample: Json = {
      ...{ type: 'response', questions: [], authorities: [] },
      answers: [{ name: names.type, type: 'PTR', ttl: 120, data: names.instance }],
      additionals: [
        { name: names.instance, type: 'SRV', ttl: 120, data: { port: 8400, target: names.host } },
        { name: names.instance, type: 'TXT', ttl: 120, data: txt },
        { name: names.host, type: 'A', ttl: 120, data: '10.0.0.7' },
      ],
    };
    try {
      await fuzzSubject({
        name: 'mDNS answers',
        input: (random) => (random(10) === 0 ? sample : mutateJson(sample, random)),
        parse: (packet) => {
          for (const event of ['packet', 'query', 'response'])
            mdns.emit(event, structuredClone(packet), { address: '10.0.0.7', port: 5353 });
        },
      });
    } finally {
      await network.close();
    }
    for (const address of heard)
      if (address !== undefined) assert.match(String(address), /^http:\/\/10\.0\.0\.7/);
  });
});

suite('hours and days of mirroring', () => {
  const pieces = [
    '22:00',
    '06:00',
    '24:00',
    '00:00',
    '7:5',
    '-',
    '-',
    ',',
    ',',
    ' ',
    'mon',
    'SUN',
    'fri',
    'x',
    '\0',
    '1e9',
  ];
  const words = (random: Random) =>
    Array.from({ length: random(12) }, () => pieces[random(pieces.length)]).join('');
  const hours = (random: Random) => ['', '22:00-06:00', '00:00-24:00,12:00-13:30'][random(3)]!;
  const days = (random: Random) => ['', 'mon-fri', 'sat,sun-mon'][random(3)]!;

  test('a window that is understood opens in time, and work in it ends after it began', async () => {
    await fuzzSubject({
      name: 'windows',
      input: (random) => ({
        hours: random(2) === 0 ? hours(random) : words(random),
        days: random(2) === 0 ? days(random) : words(random),
        now: Date.parse(time) + random(2 ** 31) * 1000,
        seconds: [0, 1, 3600, 1e6, 1e9, Number.POSITIVE_INFINITY][random(6)]!,
      }),
      parse({ now, seconds, ...text }) {
        const window = parseWindow(text);
        return { opening: nextOpening(window, now), end: finishTime(window, now, seconds) };
      },
      accepted({ opening, end }, { now, seconds }) {
        assert.ok(opening.ends > now && opening.ends > opening.begins);
        assert.ok(end === undefined || end >= now + seconds * 1000);
      },
      codes: /^site-(hours|days)-not-understood$/,
    });
  });
});

suite('streams that are halted', () => {
  const stored = { stored: sha('s'), length: 10, sha256: sha('t'), size: 20 };
  const record = {
    ...{ satchel: 'stream', format: 1, stream: 'stable', previous: ['one'], keepDeltas: 3 },
    halted: { reason: 'the wireless network fails', since: time },
    build: {
      ...{ satchel: 'build', format: 1, name: 'two', index: stored, published: time, sequence: 3 },
      contents: { sha256: sha('c'), length: 3, type: 'opaque', hash: sha('h') },
      tree: { entries: 1, files: 1, bytes: 1 },
      ...{ waypoint: false, minimumClient: '', notes: 'n' },
    },
    deltas: { satchel: 'deltas', format: 1, build: 'two', map: stored, everything: 5, costs: [], deltas: [] },
  };

  test('what is accepted has a short reason and a time', async () => {
    await fuzzSubject(
      fileSubject('halted stream', [record], (bytes) => parseStreamRecord(bytes, 'r').record, {
        accepted(read) {
          assert.deepEqual(parseStreamRecord(recordBytes(read), 'again').record, read);
          if (read.halted === undefined) return;
          assert.ok(read.halted.reason.length <= 500);
          assert.ok(!Number.isNaN(Date.parse(read.halted.since)));
        },
        codes: /^(record-(invalid|newer)|name-not-allowed)$/,
      }),
    );
  });
});

/** What JSON says; undefined for what is none. */
function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}

/** Every text in a value, to any depth. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
