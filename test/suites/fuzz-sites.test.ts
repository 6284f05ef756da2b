/** What lies on sticks and in the folder of a site: a sentence or sense for anything, and nothing believed unsigned. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, suite, test } from 'node:test';
import { SatchelError } from '../../src/base/errors.ts';
import { addToQueue, readQueue } from '../../src/device/report-queue.ts';
import { deviceReport, siteReport } from '../../src/fleet/reports.testkit.ts';
import { readStickView } from '../../src/server/stick-view.ts';
import { overdueFiles } from '../../src/site/evict-unneeded.ts';
import { siteLayout } from '../../src/site/layout.ts';
import { readLinkState } from '../../src/site/link-file.ts';
import { createIntervals } from '../../src/site/pull-intervals.ts';
import {
  goneLine,
  journalHead,
  parseJournal,
  receivedLine,
  syncedLine,
} from '../../src/site/pull-part-journal.ts';
import { defaultSiteSettings, isSiteId, isSiteName, readSiteSettings } from '../../src/site/settings.ts';
import { openStickTree } from '../../src/site/stick-files.ts';
import { answerHome, sendHome } from '../../src/site/stick-home.ts';
import { readStickList } from '../../src/site/stick-manifest-file.ts';
import { reportsIn } from '../../src/site/stick-reports.ts';
import { isSigned, rootFrom, serialiseSignatures, signFile } from '../../src/site/stick-sign.ts';
import { parseXsManifest } from '../../src/site/stick-xs-manifest.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { manifestLimit, parseManifest, serialiseManifest } from '../../src/store/stick-manifest.ts';
import { fetchRoot } from '../../src/trust/fetch-root.ts';
import { initialiseTrust } from '../../src/trust/initialise.ts';
import { memoryKeyRing } from '../../src/trust/keys.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { fuzz, fuzzSubject, mutate, type Random } from './fuzz.testkit.ts';
import { anyFile, fileSubject, hugeFiles } from './fuzz-file.testkit.ts';
import { type Json, mutateJson } from './fuzz-json.testkit.ts';

const scratch = scratchFolder('fuzz-sites');
after(() => scratch.remove());
const time = '2026-03-01T08:00:00Z';
const layout = siteLayout(scratch.file('repository'));
mkdirSync(layout.directory, { recursive: true });

const store = memoryStore();
const keys = memoryKeyRing();
await initialiseTrust({ store, keys, clock: () => Date.parse(time) });
const root = rootFrom((await fetchRoot(store)).bytes, 'origin');

/** Puts the bytes into a file, then reads it as the program does. */
const inFile =
  <Value>(path: string, read: () => Value) =>
  (bytes: Uint8Array) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    return read();
  };

suite('sticks', () => {
  const manifest = {
    satchel: 'stick',
    format: 1,
    organisation: hash('sha256', 'root'),
    made: time,
    expires: '2026-09-01T08:00:00Z',
    sites: ['school-7'],
    files: ['repo/metadata/timestamp.json', 'repo/packs/a.pack', 'sites/_all/leases', 'activities/x.xo'].map(
      (name, at) => ({ name, length: at * 1000, sha256: hash('sha256', name) }),
    ),
  };
  const manifestBytes = Buffer.from(JSON.stringify(manifest));

  test('the list of files: what is accepted names nothing outside, and is written again as it was read', async () => {
    await fuzzSubject(
      fileSubject('stick list', [manifest], (bytes) => parseManifest(bytes, 'stick.json'), {
        accepted(read) {
          assert.deepEqual(parseManifest(serialiseManifest(read), 'again'), read);
          for (const { name } of read.files)
            assert.match(name, /^(repo|sites|activities)\/(?!.*(^|\/)\.\.?(\/|$))[^\0\\]+$/);
        },
        codes: /^record-(invalid|newer)$/,
      }),
    );
  });

  test('a list as long as lists may be does not fill the memory', () => {
    for (const field of ['files', 'sites', 'unknown'])
      for (const bytes of hugeFiles(manifest, field, manifestLimit)) {
        const before = process.memoryUsage().rss;
        try {
          parseManifest(bytes, 'stick.json');
        } catch (error) {
          assert.equal((error as { code: string }).code, 'record-invalid');
        }
        assert.ok(process.memoryUsage().rss - before < 2 ** 30);
      }
  });

  test('the list on a stick that anybody wrote', async () => {
    const tree = openStickTree(scratch.file('stick'));
    const read = inFile(tree.pathOf('stick.json'), () => readStickList(tree));
    await fuzzSubject(
      fileSubject('stick.json', [manifest], read, { codes: /^stick-(manifest-damaged|newer)$/, share: 0.3 }),
    );
  });

  test('signatures: no other list and no other signature is believed', async () => {
    const signed = signFile(manifestBytes, keys, root)!;
    const signatures: Json = JSON.parse(serialiseSignatures([signed]));
    assert.ok(isSigned(manifestBytes, Buffer.from(JSON.stringify(signatures)), root));
    await fuzzSubject({
      name: 'stick.json.sig',
      input: (random) => ({
        file: random(4) === 0 ? anyFile([manifest], random) : manifestBytes,
        signatures: anyFile([signatures], random),
      }),
      parse: (input) => isSigned(input.file, input.signatures, root),
      accepted(isBelieved, input) {
        if (!isBelieved) return;
        assert.deepEqual(input.file, manifestBytes);
        assert.ok(input.signatures.includes(signed.signatures[0]!.sig));
      },
    });
  });

  test('the answer of the origin: only a signed one makes a site forget reports, whatever else is signed', async () => {
    const site = 'a'.repeat(16);
    const ids = ['1', '2'].map((digit) => digit.repeat(32));
    const tree = openStickTree(scratch.file('home'));
    await answerHome({ tree, site, ids, keys, root, clock: () => Date.parse(time) });
    const sample = { satchel: 'stick-taken', format: 1, site, made: time, reports: ids };
    const forgotten: string[] = [];
    const fleet = {
      pendingForUpstream: async () => ({ reports: [], position: 0 }),
      markForwarded: async (marked: readonly string[]) => void forgotten.push(...marked),
    };
    await fuzzSubject({
      name: 'taken.json',
      input: (random) => ({ bytes: anyFile([sample], random), isSigned: random(4) > 0 }),
      async parse({ bytes, isSigned: withSignature }) {
        forgotten.length = 0;
        const path = tree.pathOf(`home/${site}/taken.json`);
        writeFileSync(path, bytes);
        const made = withSignature ? signFile(bytes, keys, root)! : signFile(manifestBytes, keys, root)!;
        writeFileSync(`${path}.sig`, serialiseSignatures([made]));
        return await sendHome({ tree, settings: { id: site }, fleet, root });
      },
      accepted({ acknowledged }, { isSigned: withSignature }) {
        assert.equal(acknowledged, forgotten.length);
        assert.ok(withSignature || forgotten.length === 0);
        for (const id of forgotten) assert.match(id, /^[0-9a-f]{32}$/);
      },
      share: 0.2,
    });
  });

  test('what sites and devices send home', async () => {
    const reports = [deviceReport(), siteReport()];
    const batch = { satchel: 'reports', format: 1, reports } as unknown as Json;
    for (const [name, sample, isBatch] of [
      ['home batch', batch, true],
      ['report of a device', reports[0] as unknown as Json, false],
    ] as const)
      await fuzzSubject(
        fileSubject(name, [sample], (bytes) => reportsIn(bytes, isBatch), {
          accepted(read, bytes) {
            for (const report of read ?? [])
              assert.deepEqual(reportsIn(Buffer.from(JSON.stringify(report)), false), [report], `${bytes}`);
          },
        }),
      );
  });

  test('the old lists of checksums', async () => {
    const lines = ['os802.img', 'os802-contents', './os802.tree.tar.bz2'];
    const sample = (algorithm: string) =>
      lines.map((name, at) => `${hash(algorithm, name)} ${at === 0 ? '*' : ' '}${name}\n`).join('');
    for (const [algorithm, digits] of [['sha256', 64] as const, ['sha1', 40] as const])
      await fuzz(
        `manifest.${algorithm}`,
        [Buffer.from(sample(algorithm)), Buffer.from(sample(algorithm).replaceAll('\n', '\r\n'))],
        (bytes) => parseXsManifest(bytes, digits, 'manifest'),
        (read) => {
          assert.ok(read.length > 0);
          for (const { name, sum } of read) {
            assert.match(name, /^[A-Za-z0-9_+][A-Za-z0-9._+-]*$/);
            assert.match(sum, /^[0-9a-f]+$/);
          }
        },
        { codes: /^xs-manifest-damaged$/ },
      );
  });
});

suite('the folder of a site', () => {
  test('site.json', async () => {
    const sample = {
      ...{ satchel: 'site-settings', format: 1, id: 'a'.repeat(16), name: 'school-7' },
      ...{ upstream: 'https://os.example/', credential: 'x'.repeat(43), ...defaultSiteSettings },
      ...{
        follow: ['stable'],
        hours: '22:00-06:00',
        days: 'mon-fri',
        bytesPerSecond: 1000,
        monthlyBytes: 1e9,
      },
    };
    await fuzzSubject(
      fileSubject(
        'site.json',
        [sample],
        inFile(layout.settings, () => readSiteSettings(layout)),
        {
          accepted(settings) {
            assert.ok(isSiteId(settings.id) && isSiteName(settings.name));
            const again = Buffer.from(JSON.stringify({ satchel: 'site-settings', format: 1, ...settings }));
            assert.deepEqual(inFile(layout.settings, () => readSiteSettings(layout))(again), settings);
          },
          codes: /^site-settings-(damaged|newer)$/,
        },
      ),
    );
  });

  test('link.json: whatever it says, there is a state of the link', async () => {
    const told = { at: time, code: 'site-upstream-down', parameters: { upstream: 'x', retryAfter: 3 } };
    const sample = {
      ...{ satchel: 'site-link', format: 1, failures: 2, rate: { bytesPerSecond: 1e4, roundTrip: 0.5 } },
      ...{ contacted: time, downSince: time, checked: time, lastFailure: told, problem: told },
    };
    await fuzzSubject(
      fileSubject(
        'link.json',
        [sample],
        inFile(layout.link, () => readLinkState(layout)),
        {
          accepted(state) {
            assert.ok(state.failures >= 0);
            for (const { code, parameters } of [state.lastFailure, state.problem].filter(
              (one) => one !== undefined,
            ))
              assert.ok(new SatchelError(code, parameters).message.length > 0);
          },
          codes: /^never$/,
        },
      ),
    );
  });

  test('stick.json: whatever it says, the page has a state or none', async () => {
    const sample = {
      ...{ satchel: 'stick-state', format: 1, state: 'copying', device: 'sdb1', done: 5, total: 9 },
      ...{ code: 'stick-expired', parameters: { expires: time, now: time }, at: time },
    };
    await fuzzSubject(
      fileSubject(
        'stick state',
        [sample],
        inFile(layout.stick, () => readStickView(layout)),
        {
          accepted: (view) => assert.ok(view === null || !Number.isNaN(Date.parse(view.at))),
          codes: /^never$/,
        },
      ),
    );
  });

  test('unneeded.json: nothing is overdue before its time', async () => {
    const path = `${layout.directory}/unneeded.json`;
    const files = ['packs/a', 'packs/b'].map((name, at) => ({ name, since: at * 1e9 }));
    const now = Date.parse(time);
    await fuzzSubject(
      fileSubject(
        'unneeded.json',
        [{ satchel: 'unneeded', format: 1, files }],
        inFile(path, () => overdueFiles(layout, ['packs/a', 'packs/c'], now)),
        { accepted: (names) => assert.ok(!names.includes('packs/c')), codes: /^never$/, share: 0.1 },
      ),
    );
  });

  test('reports that wait on a device', async () => {
    const device = { reports: scratch.file('reports') };
    const report = deviceReport();
    addToQueue(device as never, report);
    const file = readQueue(device as never)[0]!.file;
    await fuzzSubject(
      fileSubject(
        'queued report',
        [report as unknown as Json],
        inFile(file, () => readQueue(device as never)),
        { accepted: (queue) => assert.ok(queue.length <= 1), codes: /^never$/ },
      ),
    );
  });
});

suite('journals of files that are being received', () => {
  const size = 1_000_000;
  const received = createIntervals([{ start: 0, end: 1000 }]);
  const head = journalHead({ name: 'packs/x.pack', size, received, boot: 'one' });
  const journal = [
    ...[head, receivedLine(1000, 70_000), receivedLine(90_000, 100_000), goneLine(500, 700)],
    ...[syncedLine(head.length + 30), receivedLine(999_000, size), '{"boot":"two"}\n', receivedLine(5, 600)],
  ].join('');
  /** Lines of which some say something else, so that they are JSON still. */
  const otherLines = (random: Random) => {
    const lines = journal.trimEnd().split('\n');
    const at = random(lines.length);
    lines[at] = JSON.stringify(mutateJson(JSON.parse(lines[at]!), random));
    return Buffer.from(`${lines.join('\n')}\n`);
  };

  test('nothing is taken for received that lies outside of the file, or twice', async () => {
    await fuzzSubject({
      name: 'part journal',
      input: (random) => (random(2) === 0 ? otherLines(random) : mutate([Buffer.from(journal)], random)),
      parse: (bytes) => parseJournal(bytes.toString('latin1'), 'two'),
      accepted(content) {
        let before = -1;
        for (const { start, end } of content?.received.list() ?? []) {
          assert.ok(start > before && end > start && end <= content!.size, 'in order, apart and inside');
          before = end;
        }
      },
    });
  });

  test('a journal of a hundred thousand pieces is read in time', () => {
    const pieces = Array.from({ length: 100_000 }, (_, at) =>
      receivedLine(8 * ((at * 7919) % 100_000), 8 * ((at * 7919) % 100_000) + 4),
    );
    const started = performance.now();
    assert.equal(parseJournal(head + pieces.join(''), 'one')?.received.total(), 400_000 + 500);
    assert.ok(performance.now() - started < 20_000);
  });
});
