// biome-ignore-all lint/suspicious/noAssignInExpressions: a forgery is one assignment.
/** Records, indexes and maps that are validly signed and wrong all the same: never a wrong byte on the device. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { MessageCode } from '../../src/base/catalogue.ts';
import { systemClock } from '../../src/base/clock.ts';
import { buildName, streamName } from '../../src/base/identifiers.ts';
import { decompressBounded } from '../../src/formats/zstd.ts';
import { openCatalog } from '../../src/repository/catalog.ts';
import { buildTarget, deltasTarget, indexFile, mapFile, streamTarget } from '../../src/repository/layout.ts';
import { compressStored } from '../../src/repository/store-build.ts';
import { openDirectoryStore } from '../../src/store/directory.ts';
import { initialiseTrust } from '../../src/trust/initialise.ts';
import { openKeyDirectory } from '../../src/trust/keys.ts';
import { publishTargets } from '../../src/trust/publisher.ts';
import { refused, satchel, succeed, unchanged, workspace } from './bad-input.testkit.ts';

const place = workspace('hostile');
const repo = place.at('repo');
const own = 'versions/updates/satchel';
const mayGrow = [
  'spool',
  'journal.json',
  'indexes',
  'lock',
  'trash',
  'trash-lock',
  'trust',
  'usage',
  'links.json',
  'reports',
].map((name) => `${own}/${name}`);
const two = buildName('two');

const noise = (seed: string, length: number) => {
  const pieces = [];
  for (let i = 0; i * 64 < length; i += 1) pieces.push(hash('sha512', `${seed} ${i}`, 'buffer'));
  return Buffer.concat(pieces).subarray(0, length);
};

before(async () => {
  place.write('tree/etc/hostname', 'one\n');
  place.write('tree/etc/second', 'the same for ever\n');
  place.write('tree/large', noise('one', 2_500_000));
  await succeed(['init', '--repo', repo]);
  await succeed(['publish', '--repo', repo, '--name', 'one', place.at('tree')]);
  const root = place.at('template');
  await succeed(['device', 'init', '--root', root, '--source', repo, '--trust-on-first-use']);
  await succeed(['update', '--root', root]);
  place.write('tree/etc/hostname', 'two\n');
  place.write('tree/large', noise('two', 2_500_000));
  await succeed(['publish', '--repo', repo, '--name', 'two', place.at('tree')]);
});
after(() => place.remove());

type Json = { [key: string]: Json | string | number | boolean | Json[] };

/** What a hostile signer changes before it signs. Texts are uncompressed. */
type Forgery = {
  readonly index?: (text: string) => string;
  readonly map?: (text: string) => string;
  readonly build?: (record: Json) => void;
  readonly deltas?: (record: Json) => void;
  readonly stream?: (record: Json) => void;
};

let forgeries = 0;

/** A copy of the repository in which build two is what the forgery makes of it, signed with the right keys. */
async function forge(forgery: Forgery): Promise<string> {
  forgeries += 1;
  const copy = place.at(`forged${forgeries}`);
  cpSync(repo, copy, { recursive: true });
  const store = openDirectoryStore(copy);
  const catalog = await openCatalog(store);
  const build = JSON.parse(JSON.stringify(await catalog.build(two)));
  const deltas = JSON.parse(JSON.stringify(await catalog.deltas(two)));
  const textOf = (file: string) =>
    decompressBounded(readFileSync(path.join(copy, file)), 1 << 28).toString('latin1');
  const before = build.index.sha256;
  let map = textOf(mapFile(deltas.map.stored));
  if (forgery.index) {
    const text = Buffer.from(forgery.index(textOf(indexFile(build.index.stored))), 'latin1');
    const { stored, bytes } = await compressStored(text);
    await store.put(indexFile(stored.stored), bytes);
    build.index = stored;
    map = map.replace(before, stored.sha256);
  }
  const { stored, bytes } = await compressStored(Buffer.from(forgery.map?.(map) ?? map, 'latin1'));
  await store.put(mapFile(stored.stored), bytes);
  deltas.map = stored;
  forgery.build?.(build);
  forgery.deltas?.(deltas);
  const stream = {
    satchel: 'stream',
    format: 1,
    stream: 'stable',
    previous: [],
    keepDeltas: 0,
    build,
    deltas,
  };
  const text = (value: unknown) => Buffer.from(JSON.stringify(value));
  const buildBytes = text(build);
  forgery.stream?.(stream);
  await publishTargets(
    { store, keys: openKeyDirectory(`${repo}.keys`), clock: systemClock },
    {
      builds: { add: [{ path: buildTarget(two), bytes: buildBytes }] },
      deltas: { add: [{ path: deltasTarget(two), bytes: text(deltas) }] },
      streams: { add: [{ path: streamTarget(streamName('stable')), bytes: text(stream) }] },
    },
  );
  return copy;
}

function device(): string {
  forgeries += 1;
  const root = place.at(`device${forgeries}`);
  cpSync(place.at('template'), root, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  return root;
}

const wrongBytes: readonly MessageCode[] = ['source-sends-wrong-bytes'];
const newer: readonly MessageCode[] = ['record-newer', 'index-newer', 'map-newer', 'repository-newer'];
const repeated = (text: string, count: number) => Array.from({ length: count }, () => text).join(',');

/** Changes the first number at this place of the first frame line of a map. */
const frame =
  (change: (frame: [string, number, number, number, number, number[][]]) => void) => (map: string) => {
    const lines = map.split('\n');
    const at = lines.findIndex((line) => line.startsWith('["frame"'));
    const fields = JSON.parse(lines[at] ?? '');
    change(fields);
    lines[at] = JSON.stringify(fields);
    return lines.join('\n');
  };

suite('a signed record that is wrong', { concurrency: 3 }, () => {
  const cases: Readonly<Record<string, readonly [readonly MessageCode[], Forgery]>> = {
    'map: a frame beyond its pack': [['map-damaged'], { map: frame((fields) => void (fields[3] = 1e9)) }],
    'map: a raw length of gigabytes': [
      ['map-damaged'],
      { map: frame((fields) => void (fields[4] = 2 ** 40)) },
    ],
    'map: a raw length that is a little more': [
      wrongBytes,
      { map: frame((fields) => void (fields[4] += 1)) },
    ],
    'map: another part of the pack': [
      [...wrongBytes, 'map-damaged'],
      { map: frame((fields) => void (fields[2] += 1)) },
    ],
    'map: two objects in one place': [
      ['map-damaged'],
      { map: (map) => map.replace(/\[\[(\d+),0\],\[(\d+),\d+\]/, '[[$1,0],[$2,0]') },
    ],
    'map: of another index': [
      ['map-of-other-index'],
      { map: (map) => map.replace(/"index":"[0-9a-f]+"/, `"index":"${'a'.repeat(64)}"`) },
    ],
    'map: cut': [['map-damaged'], { map: (map) => map.slice(0, -30) }],
    'map: newer': [newer, { map: (map) => map.replace('"format":1', '"format":2') }],
    'index: newer': [newer, { index: (index) => index.replace('"format":1', '"format":2') }],
    'index: a path that climbs': [
      ['index-path-wrong', 'index-field-wrong'],
      { index: (index) => index.replace('"etc/second"', '"etc/../../x"') },
    ],
    'index: an absolute path': [
      ['index-path-wrong'],
      { index: (index) => index.replace('"etc/second"', '"/tmp/x"') },
    ],
    'index: a file below a symlink': [
      ['index-parent-missing', 'index-field-wrong', 'index-line-not-canonical'],
      {
        index: (index) =>
          index.replace(
            /\{"path":"etc","type":"directory",("mode":)\d+([^\n]*)\}\n/,
            '{"path":"etc","type":"symlink",$1511$2,"target":"/tmp"}\n',
          ),
      },
    ],
    'index: a file of a petabyte': [
      ['index-field-wrong', 'index-chunks-wrong'],
      { index: (index) => index.replace(/"size":4,/, `"size":${2 ** 50},`) },
    ],
    'index: one chunk half a million times': [
      ['plan-no-space'],
      {
        index: (index) =>
          index.replace(/"size":2500000,("sha256":"[0-9a-f]+","chunks":)\[(.*?)\]\]/, (_, start, list) => {
            const chunks = JSON.parse(`[${list}]]`) as [string, number][];
            const largest = chunks.reduce((a, b) => (a[1] < b[1] ? b : a));
            assert.ok(largest[1] > 500_000, 'enough for 250 GB');
            const again = repeated(JSON.stringify(largest), 500_000);
            return `"size":${2_500_000 + 500_000 * largest[1]},${start}[${list}],${again}]`;
          }),
      },
    ],
    'index: chunks in another order than the file': [
      ['large-file-wrong', 'source-sends-wrong-bytes', 'staged-tree-damaged'],
      { index: (index) => index.replace(/("large"[^\n]*"sha256":")[0-9a-f]{64}/, `$1${'b'.repeat(64)}`) },
    ],
    'index: one object with two lengths': [
      ['index-object-sizes-differ'],
      {
        index: (index) =>
          index.replace(
            /("etc\/second"[^\n]*"size":)\d+(,"sha256":")[0-9a-f]+/,
            `$15$2${hash('sha256', 'two\n')}`,
          ),
      },
    ],
    'index: unsorted': [
      ['index-out-of-order'],
      { index: (index) => index.replace('"etc/second"', '"etc/aaaa"') },
    ],
    'index: zeros without an end': [
      ['index-cut-short', 'index-line-too-long', 'index-header-wrong'],
      { index: () => '\0'.repeat(1 << 26) },
    ],
    'record: an index of a terabyte': [
      ['record-invalid'],
      { build: (build) => void ((build.index as Json).size = 2 ** 40) },
    ],
    'record: an index stored in a terabyte': [
      ['record-invalid'],
      { build: (build) => void ((build.index as Json).length = 2 ** 40) },
    ],
    'record: an index that unpacks to more than it says': [
      ['zstd-too-large', 'stored-file-damaged'],
      { build: (build) => void ((build.index as Json).size = 10) },
    ],
    'record: a map of a terabyte': [
      ['record-invalid'],
      { deltas: (deltas) => void ((deltas.map as Json).size = 2 ** 40) },
    ],
    'record: contents of a terabyte': [
      ['record-invalid'],
      { build: (build) => void ((build.contents as Json).length = 2 ** 40) },
    ],
    'record: contents that are not there': [
      ['store-not-found'],
      {
        build: (build) =>
          void (build.contents = { ...(build.contents as Json), sha256: 'c'.repeat(64), length: 10 }),
      },
    ],
    'record: a newer build': [newer, { build: (build) => void (build.format = 2) }],
    'record: newer deltas': [newer, { deltas: (deltas) => void (deltas.format = 2) }],
    'record: a newer stream': [newer, { stream: (stream) => void (stream.format = 2) }],
    'record: a newer client wanted': [
      ['client-too-old'],
      { build: (build) => void (build.minimumClient = '99.0.0') },
    ],
    'record: a client wanted that is no version': [
      ['record-invalid', 'client-too-old'],
      { build: (build) => void (build.minimumClient = 'x.y') },
    ],
    'record: a build that nobody signed': [
      ['stream-names-unsigned-build'],
      { stream: (stream) => void (stream.build = { ...(stream.build as Json), notes: 'changed' }) },
    ],
    'record: the name of the build that runs': [
      ['build-name-reused', 'record-invalid', 'stream-names-unsigned-build'],
      { build: (build) => void (build.name = 'one') },
    ],
    'record: a name with a path': [
      ['name-not-allowed', 'record-invalid'],
      { build: (build) => void (build.name = '../../x') },
    ],
    'record: the name of another device file': [
      ['name-not-allowed', 'record-invalid'],
      { build: (build) => void (build.name = '\u001b[31m') },
    ],
    'record: a negative size': [
      ['record-invalid'],
      { build: (build) => void ((build.index as Json).size = -1) },
    ],
    'record: no map': [['record-invalid'], { deltas: (deltas) => void delete deltas.map }],
  };
  for (const [name, [codes, forgery]] of Object.entries(cases))
    test(name, async () => {
      const copy = await forge(forgery);
      const root = device();
      const { memory, stderr } = await unchanged(
        [root, copy],
        () => refused(['update', '--root', root, '--source', copy], codes),
        mayGrow,
      );
      assert.ok(memory < 1024 * 1024 * 1024, `${memory} bytes`);
      assert.doesNotMatch(stderr, /\u001b/);
      assert.deepEqual(readdirSync(path.join(root, 'versions/pristine')), ['one']);
      rmSync(copy, { recursive: true });
    });

  test('a pack that is said to be longer than it is', async () => {
    const copy = await forge({
      map: (map) =>
        map
          .replace(
            /(\["pack","[0-9a-f]+",)(\d+)(\]\n\["frame")/,
            (_, start, length, rest) => `${start}${Number(length) + 300}${rest}`,
          )
          .replace(
            /(\["frame",\d+,\d+,)(\d+)(,[^\n]*\n)$/,
            (_, start, length, rest) => `${start}${Number(length) + 300}${rest}`,
          ),
    });
    const root = place.at('fresh');
    await succeed(['device', 'init', '--root', root, '--source', copy, '--trust-on-first-use']);
    await unchanged(
      [root],
      () =>
        refused(['update', '--root', root], ['store-range', 'store-too-short', 'source-sends-wrong-bytes']),
      mayGrow,
    );
  });

  test('a record under the name of another build', async () => {
    const copy = await forge({ build: (build) => void (build.name = 'three') });
    const root = device();
    await unchanged(
      [root],
      () => refused(['update', '--root', root, '--source', copy, 'two'], 'record-invalid'),
      mayGrow,
    );
  });
});

test('metadata of which an offline role has run out is refused with what to do', async () => {
  const old = place.at('old');
  const store = openDirectoryStore(old);
  const years = 365 * 24 * 3600 * 1000;
  const clock = () => Date.now() - 3 * years;
  await initialiseTrust({ store, keys: openKeyDirectory(`${old}.keys`, clock), clock });
  const root = place.at('late');
  const ran = await satchel([
    'device',
    'init',
    '--root',
    root,
    '--source',
    old,
    '--trust-on-first-use',
    '--json',
  ]);
  assert.equal(ran.code, 0, ran.stderr);
  await unchanged(
    [root],
    () => refused(['update', '--root', root], ['role-expired', 'root-expired']),
    mayGrow,
  );
});
