/** The examples in docs/formats.md are what the program reads and writes. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { isStolen, parseStolen, stolenBytes } from '../../src/advice/stolen.ts';
import { SatchelError } from '../../src/base/errors.ts';
import { buildName, type Sha256 } from '../../src/base/identifiers.ts';
import { createChunker } from '../../src/build/chunker.ts';
import { contentsFor } from '../../src/build/contents.ts';
import { parseIndex, serialiseIndex } from '../../src/build/index-format.ts';
import { objectsOf } from '../../src/build/objects.ts';
import { applySegment } from '../../src/delta/apply-segment.ts';
import { makePatch } from '../../src/delta/binary-patch.ts';
import { parseHead, segmentLimits, segmentMemoryLimit, serialiseHead } from '../../src/delta/delta-format.ts';
import { applyIndexPatch, makeIndexPatch } from '../../src/delta/index-patch.ts';
import { objectList } from '../../src/delta/object-list.ts';
import { encodeSegment } from '../../src/delta/segment-format.ts';
import { readBootFacts } from '../../src/device/boot-facts.ts';
import { readBootSettings, writeBootSettings } from '../../src/device/boot-settings.ts';
import { readConfiguration } from '../../src/device/configuration.ts';
import { readInstalled } from '../../src/device/installed.ts';
import { readJournal } from '../../src/device/journal.ts';
import { deviceLayout, owedFile, recordFile } from '../../src/device/layout.ts';
import { createLedger } from '../../src/device/ledger.ts';
import { readLink } from '../../src/device/link-file.ts';
import { readOwed, writeOwed } from '../../src/device/owed.ts';
import { readTrial, writeTrial } from '../../src/device/trial.ts';
import { parseReports } from '../../src/fleet/report-schema.ts';
import { parseContents, serialiseContents } from '../../src/formats/olpc-contents.ts';
import { parseMap, serialiseMap } from '../../src/pack/map-format.ts';
import { parseBackPermit } from '../../src/repository/back-record.ts';
import { detailsBytes, parseDetails, parseGroupRecord } from '../../src/repository/group-record.ts';
import { liteListText } from '../../src/repository/lite-list.ts';
import {
  parseBuildRecord,
  parseDeltasRecord,
  parseStreamRecord,
  recordBytes,
} from '../../src/repository/records.ts';
import { placeApi } from '../../src/server/place-api.ts';
import { readStickView } from '../../src/server/stick-view.ts';
import { siteLayout } from '../../src/site/layout.ts';
import { readLinkState } from '../../src/site/link-file.ts';
import { parseJournal } from '../../src/site/pull-part-journal.ts';
import { readSiteSettings } from '../../src/site/settings.ts';
import { openTimeFloor } from '../../src/trust/floor.ts';
import { parseRequest, serialiseRequest } from '../../src/trust/request-file.ts';
import {
  allRoles,
  custodyOf,
  defaultLifetimes,
  defaultLimits,
  topLevelRoles,
} from '../../src/trust/roles.ts';
import { scratchFolder } from '../doubles/scratch.ts';

const page = readFileSync(new URL('../../docs/formats.md', import.meta.url), 'utf8');
const scratch = scratchFolder('formats-doc');
after(() => scratch.remove());

/** The text of the fenced block with this label, the last line feed included. */
function example(label: string): string {
  const blocks = [...page.matchAll(new RegExp(`^\`\`\`${label}\\n(.*?)^\`\`\`$`, 'gms'))];
  assert.equal(blocks.length, 1, `one block "${label}"`);
  return blocks[0]![1]!;
}

const bytesOfExample = (label: string) => Buffer.from(example(label), 'utf8');
const record = (label: string) => Buffer.from(example(label).trimEnd(), 'utf8');
const sha256 = (bytes: Uint8Array) => hash('sha256', bytes) as Sha256;
const row = (name: string) => page.match(new RegExp(`^\\| \`${name}\` \\|.*$`, 'm'))?.[0] ?? '';

describe('docs/formats.md', () => {
  const index = bytesOfExample('json index');
  const entries = [...parseIndex(index)];
  const map = bytesOfExample('json map');
  const segment = Buffer.from(example('hex segment').replace(/\s/g, ''), 'hex');

  test('the index is read, and written back to the byte', () => {
    assert.deepEqual(Buffer.from(serialiseIndex(entries)), index);
    assert.deepEqual(
      new Set(entries.map(({ type }) => type)),
      new Set(['directory', 'file', 'symlink', 'hardlink', 'char']),
    );
  });

  test('the list for satchel-lite says what the index and the record of the build say', () => {
    const build = parseBuildRecord(record('json build'), 'example');
    const text = liteListText(build, entries).toString('latin1');
    assert.equal(text.replace('\xef', '\\xef'), example('text list'));
  });

  test('the map belongs to the index, is read, and written back to the byte', () => {
    const sizes = objectsOf(entries).map(({ size }) => size);
    const parsed = parseMap(map, sizes);
    assert.equal(parsed.index, sha256(index));
    const frames = parsed.frames.map((frame, number) => ({ ...frame, objects: parsed.objectsIn(number) }));
    const written = serialiseMap({ ...parsed, frames });
    assert.deepEqual(written, map);
  });

  test('the records are read, written back to the byte, and agree with index and map', () => {
    const build = parseBuildRecord(record('json build'), 'build');
    assert.deepEqual(Buffer.from(recordBytes(build)), record('json build'));
    assert.deepEqual([build.index.sha256, build.index.size], [sha256(index), index.length]);
    const contents = contentsFor(entries);
    assert.deepEqual([build.contents.sha256, build.contents.length], [sha256(contents), contents.length]);
    assert.equal(build.tree.entries, entries.length);
    const deltas = parseDeltasRecord(record('json deltas'), 'deltas');
    assert.deepEqual(Buffer.from(recordBytes(deltas)), record('json deltas'));
    assert.deepEqual([deltas.map.sha256, deltas.map.size], [sha256(map), map.length]);
    const stream = parseStreamRecord(record('json stream'), 'stream');
    assert.deepEqual(Buffer.from(recordBytes(stream.record)), record('json stream'));
    assert.deepEqual(Buffer.from(stream.buildBytes), record('json build'));
    const ruled = parseStreamRecord(record('json rules'), 'stream').record;
    assert.deepEqual(Buffer.from(recordBytes(ruled)), record('json rules'));
    const permit = parseBackPermit(record('json back'), 'back');
    assert.deepEqual(Buffer.from(recordBytes(permit)), record('json back'));
    const group = parseGroupRecord(record('json activities'), 'activities');
    assert.deepEqual(Buffer.from(recordBytes(group)), record('json activities'));
    const details = parseDetails(bytesOfExample('json details'), 'details');
    assert.deepEqual(Buffer.from(detailsBytes(details)), bytesOfExample('json details'));
    const stolen = parseStolen(record('json stolen'));
    assert.deepEqual(Buffer.from(stolenBytes(stolen)), record('json stolen'));
    assert.ok(isStolen(stolen, 'SHC00000001'));
  });

  test('the head of a delta is written with the directory, and read', () => {
    const directory = record('json delta');
    const indexPatch = Buffer.of(1, 2, 3);
    const numbers = Buffer.alloc(12);
    [1, directory.length, indexPatch.length].forEach((number, at) => {
      numbers.writeUInt32LE(number, 4 * at);
    });
    const bytes = Buffer.concat([Buffer.from('SATDELTA'), numbers, directory, indexPatch]);
    const head = parseHead(bytes);
    assert.deepEqual(serialiseHead(head), bytes);
    assert.deepEqual([head.from, head.to], [sha256(index), sha256(map)]);
    assert.deepEqual(head.segments[0]?.sha256, sha256(segment));
  });

  test('the segment makes the objects that the text says', () => {
    const [old, motd, fox] = [
      'The quick brown fox jumps over the lazy dog\n',
      'motd\n',
      'The quick brown fix jumps over the lazy dog, twice\n',
    ].map((text) => Buffer.from(text));
    const entry = JSON.parse(example('json delta')).segments[0];
    const made: string[] = [];
    const { failed } = applySegment({
      stored: segment,
      segment: entry,
      baseSizes: [old!.length],
      targets: objectList([motd!, fox!].map((bytes) => ({ sha256: sha256(bytes), size: bytes.length }))),
      base: () => old,
      produce: (ordinal, content) => made.push(`${ordinal} ${Buffer.from(content)}`),
    });
    assert.deepEqual([made, failed], [[`0 ${motd}`, `1 ${fox}`], []]);
    const pieces = [
      { kind: 'plain', outputs: [0], content: motd! },
      { kind: 'patch', outputs: [1], bases: [0], patch: makePatch(old!, fox!) },
    ] as const;
    const sizes = { bases: [old!.length], targets: [motd!.length, fox!.length] };
    assert.deepEqual(encodeSegment(pieces, sizes), { bytes: segment, entry });
  });

  test('the head of a delta with archives is read, and written back to the byte', () => {
    const directory = record('json delta-archives');
    const objects = [
      { first: 3, count: 130 },
      { first: 2, count: 1 },
    ];
    const archive = { objects, length: 130344448 };
    const head = serialiseHead({
      ...JSON.parse(directory.toString()),
      archives: [archive],
      indexPatch: Buffer.of(),
    });
    assert.deepEqual(head.subarray(20), directory);
    assert.deepEqual(parseHead(head).archives, [archive]);
  });

  test('the limits of segments stand in the text', () => {
    for (const limit of [segmentLimits.output, segmentLimits.base, segmentMemoryLimit])
      assert.match(page, new RegExp(`\\b${limit}\\b`));
  });

  test('the index patch makes the index that the text says', () => {
    const patch = Buffer.from(example('hex index-patch').replace(/\s/g, ''), 'hex');
    const old = example('json index').split('\n').slice(0, 5).join('\n').concat('\n');
    const changed = Buffer.from(old.replace('"size":10,', '"size":12,'));
    const from = Buffer.from(old);
    assert.deepEqual(makeIndexPatch(from, changed), patch);
    const to = { sha256: sha256(changed), size: changed.length };
    assert.deepEqual(applyIndexPatch(from, patch, to), changed);
  });

  test('the manifest for old clients is read, and written back to the byte', () => {
    assert.deepEqual(serialiseContents(parseContents(record('json contents'))), record('json contents'));
  });

  test('the gear table and the cuts are those of the chunker', () => {
    for (const [, value, hex] of example('text gear').matchAll(/gear\[(\d+)\] *= ([0-9a-f]{8})/g))
      assert.equal(hash('sha256', `satchel gear ${value}`).slice(0, 8), hex);
    const parts = Array.from({ length: 65536 }, (_, n) => hash('sha256', `satchel example ${n}`, 'buffer'));
    const chunker = createChunker();
    const chunks = [...chunker.push(Buffer.concat(parts)), chunker.finish()];
    assert.equal(chunks.map((chunk) => chunk?.length).join(' '), example('text chunks').trim());
  });

  test('the chunks follow from the definition in the text alone', () => {
    const gear = Array.from({ length: 256 }, (_, v) =>
      hash('sha256', `satchel gear ${v}`, 'buffer').readUInt32BE(0),
    );
    const data = Buffer.concat(
      Array.from({ length: 65536 }, (_, n) => hash('sha256', `satchel example ${n}`, 'buffer')),
    );
    const lengths: number[] = [];
    let rolling = 0;
    let start = 0;
    for (let position = 0; position < data.length; position += 1) {
      rolling = ((rolling << 1) + gear[data[position]!]!) >>> 0;
      const length = position + 1 - start;
      if ((length < 65536 || rolling >= 21845) && length < 1048576) continue;
      lengths.push(length);
      start = position + 1;
    }
    lengths.push(data.length - start);
    assert.equal(lengths.join(' '), example('text chunks').trim());
  });

  test('the signing request is read, and written back', () => {
    const text = example('json request');
    const written = Buffer.from(serialiseRequest(parseRequest(Buffer.from(text), 'request'))).toString();
    assert.deepEqual(JSON.parse(written), JSON.parse(text));
  });

  test('the reports are read, and nothing of them is passed over', () => {
    const batch = JSON.parse(example('json reports'));
    const { reports, refused } = parseReports(batch);
    assert.deepEqual({ reports, refused }, { reports: batch.reports, refused: 0 });
  });

  test('the private files of a site are read', () => {
    const layout = siteLayout(scratch.file('site'));
    mkdirSync(layout.directory);
    writeFileSync(layout.settings, example('json site'));
    writeFileSync(layout.link, example('json site-link'));
    writeFileSync(layout.stick, example('json stick-state'));
    const { satchel, format, ...settings } = JSON.parse(example('json site'));
    assert.deepEqual({ satchel, format }, { satchel: 'site-settings', format: 1 });
    assert.deepEqual(readSiteSettings(layout), settings);
    const link = JSON.parse(example('json site-link'));
    assert.deepEqual({ satchel: 'site-link', format: 1, ...readLinkState(layout) }, link);
    assert.equal(readStickView(layout)?.state, 'copying');
  });

  test('the journal of a file that arrives tells after a power cut what was synced', () => {
    const text = example('text part');
    const boot = '1b4e28ba-2fa1-41d2-883f-0016d3cca427';
    assert.deepEqual(parseJournal(text, boot)?.received.list(), [{ start: 65536, end: 196608 }]);
    assert.deepEqual(parseJournal(text, 'another')?.received.list(), [{ start: 65536, end: 131072 }]);
    assert.equal(text.slice(221).split('\n')[0], '{"synced":221}');
  });

  test('what is asked of a place is what the API of a place takes and gives', async () => {
    const asked: unknown[] = [];
    const place = JSON.parse(example('json place'));
    const api = placeApi({
      fleet: () => Promise.reject(new Error('not needed')),
      place: async () => place,
      admitAbove: async (request) => {
        asked.push(request);
        throw new SatchelError('site-token-unknown');
      },
    });
    assert.deepEqual(await api.place(), place);
    const body = JSON.parse(example('json join'));
    await assert.rejects(api.admitSite(body, { signal: new AbortController().signal }), {
      code: 'site-token-unknown',
    });
    assert.deepEqual(asked, [body]);
  });

  test('the note of pruning is JSON of its kind', () => {
    const { satchel, format, files } = JSON.parse(example('json unreferenced'));
    assert.deepEqual([satchel, format, typeof files[0].since], ['unreferenced', 1, 'number']);
  });

  test('the roles stand in the table with their custody, life and limits', () => {
    for (const role of allRoles) {
      const line = row(role);
      assert.match(line, new RegExp(`\\| ${custodyOf[role]} \\| ${defaultLifetimes[role]} \\|`), role);
    }
    const kib = 1024;
    assert.deepEqual(defaultLimits, {
      root: 512 * kib,
      timestamp: 16 * kib,
      snapshot: 2 * kib * kib,
      targets: 5 * kib * kib,
    });
    assert.deepEqual([...topLevelRoles], ['root', 'targets', 'snapshot', 'timestamp']);
  });

  test('the files of a device are read', () => {
    const layout = deviceLayout(scratch.file('device'));
    const name = buildName('example-1');
    const write = (path: string, label: string) => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, example(label));
    };
    write(layout.configuration, 'json config');
    write(recordFile(layout, name), 'json installed');
    write(layout.journal, 'json journal');
    write(layout.links, 'json links');
    write(owedFile(layout, name), 'json owed');
    const { stream, monthlyBytes } = readConfiguration(layout)!;
    assert.deepEqual([stream, monthlyBytes], ['stable', 2e9]);
    assert.equal(readLink(layout, 'https://updates.example.org/repo/')?.roundTrip, 0.3);
    assert.equal(readInstalled(layout, name)?.index, sha256(index));
    const { pending, last } = readJournal(layout);
    assert.deepEqual([pending?.build, last?.code], ['example-2', 'cancelled']);
    const owed = readOwed(layout, name);
    const parts = [...owed].flatMap(([path, whats]) => [...whats].map((what) => ({ path, what })));
    writeOwed(layout, name, parts);
    assert.equal(readFileSync(owedFile(layout, name), 'utf8'), example('json owed'));
  });

  test('what the initramfs and the program share is read, and written back to the byte', () => {
    const layout = deviceLayout(join(scratch.path, 'boot'));
    for (const [path, label] of [
      [layout.bootSettings, 'text boot.conf'],
      [layout.trial, 'text trial'],
      [layout.bootFacts, 'text boot-facts'],
    ] as const) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, example(label));
    }
    assert.equal(readBootSettings(layout).bootpart, '/dev/disk/by-label/Boot');
    writeBootSettings(layout, {});
    assert.equal(readFileSync(layout.bootSettings, 'utf8'), example('text boot.conf'));
    const trial = readTrial(layout)!;
    assert.deepEqual([trial.state, trial.boots, trial.soakSeconds], ['booting', 1, 604_800]);
    writeTrial(layout, trial);
    assert.equal(readFileSync(layout.trial, 'utf8'), example('text trial'));
    const facts = readBootFacts(layout);
    assert.deepEqual([facts?.mode, facts?.counted, facts?.milliseconds], ['overlay', true, 180]);
  });

  test('the floor of time is read', () => {
    const file = join(scratch.path, 'floor');
    writeFileSync(file, example('json floor'));
    assert.equal(openTimeFloor(file, () => 0).value(), Date.parse('2026-01-31T12:00:00Z'));
  });

  test('a ledger has the length and the beginning that the table gives it', () => {
    const rows = entries.length;
    const { bytes } = createLedger(sha256(index), rows);
    assert.equal(bytes.length, 4 + 4 + 8 + 32 + rows * (8 + 8 + 8 + 4 + 4 + 4) + 32);
    const header = Buffer.from(bytes.subarray(0, 48));
    assert.deepEqual([header.readUInt32LE(0), header.readUInt32LE(4)], [0x1d6e0001, 1]);
    assert.equal(header.readBigUInt64LE(8), BigInt(rows));
    assert.equal(header.subarray(16).toString('hex'), sha256(index));
  });
});
