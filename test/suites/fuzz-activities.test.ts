/** Bundles that anybody may have made, the records of groups, and what a home remembers. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, suite, test } from 'node:test';
import { homeLayout } from '../../src/activities/home.ts';
import { readHomeState, writeHomeState } from '../../src/activities/home-state.ts';
import { readBundle } from '../../src/activities/read-bundle.ts';
import { isTreePath } from '../../src/build/entry-rules.ts';
import { parseIndex, serialiseIndex } from '../../src/build/index-format.ts';
import { readInfoSection } from '../../src/formats/info-file.ts';
import { withZip64End, zipOf } from '../../src/formats/zip.testkit.ts';
import { compareBundleVersions, isBundleVersion } from '../../src/repository/bundle-version.ts';
import { detailsBytes, parseDetails, parseGroupRecord } from '../../src/repository/group-record.ts';
import { recordBytes } from '../../src/repository/records.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { fuzz, fuzzSubject } from './fuzz.testkit.ts';
import { anyFile, fileSubject } from './fuzz-file.testkit.ts';
import { type Json, mutateJson } from './fuzz-json.testkit.ts';

const scratch = scratchFolder('fuzz-activities');
after(() => scratch.remove());

const hex = (digit: string) => digit.repeat(64);
const stored = (digit: string) => ({ stored: hex(digit), length: 600, sha256: hex('a'), size: 1801 });
const bundle = (id: string, version: string, streams: string[]) => ({
  ...{ id, version, kind: 'activity', folder: 'Maze.activity', index: stored('1'), map: stored('2') },
  ...{ everything: 4000, tree: { entries: 11, files: 4, bytes: 9000 } },
  ...{ published: '2026-01-31T12:00:00Z', optional: false, streams },
});
const delta = (from: string, more: Readonly<Record<string, number>> = {}) => ({
  ...{ from, fromIndex: hex('4'), stored: hex('5'), length: 700, head: { length: 300, sha256: hex('6') } },
  ...{ memory: 4_194_304, ...more, output: 5200 },
});
const group: Json = {
  ...{
    satchel: 'activities',
    format: 1,
    group: 'default',
    titles: { '': 'Basics', es: 'Básico' },
    descriptions: {},
  },
  details: stored('3'),
  bundles: [
    { ...bundle('org.a', '2', ['stable']), deltas: [delta('1'), delta('1.5-dev', { scratch: 9000 })] },
    bundle('org.a', '1.5-dev', []),
    bundle('org.b', '1', ['stable', 'testing']),
  ],
};

suite('records of groups', () => {
  test('what is accepted is written back as it was read, in its order', async () => {
    await fuzzSubject(
      fileSubject('group', [group], (bytes) => parseGroupRecord(bytes, 'group'), {
        codes: /^(record-(invalid|newer)|name-not-allowed)$/,
        accepted(record) {
          assert.deepEqual(parseGroupRecord(recordBytes(record), 'again'), record);
          const given = record.bundles.flatMap(({ id, streams }) =>
            streams.map((stream) => `${id} ${stream}`),
          );
          assert.equal(new Set(given).size, given.length);
        },
      }),
    );
  });

  test('what people are shown is read, or refused by a sentence', async () => {
    const line: Json = {
      id: 'org.a',
      version: '2',
      names: { '': 'A', es: 'Á' },
      summary: 's',
      license: 'l',
      icon: '<svg/>',
    };
    await fuzzSubject({
      name: 'details of a group',
      input: (random) =>
        Buffer.concat(
          Array.from({ length: 1 + random(3) }, () =>
            Buffer.concat([anyFile([line], random), Buffer.from('\n')]),
          ),
        ),
      parse: (bytes) => parseDetails(bytes, 'details'),
      codes: /^record-invalid$/,
      accepted: (details) => assert.deepEqual(parseDetails(detailsBytes(details), 'again'), details),
    });
  });
});

suite('bundles', () => {
  const info =
    '[Activity]\nname = Maze\nbundle_id = org.Maze\nactivity_version = 2\nexec = x\nicon = i\nsummary: a\n  b\n';
  const zip = zipOf([
    { name: 'Maze.activity/', mode: 0o040755 },
    { name: 'Maze.activity/activity/activity.info', content: info },
    { name: 'Maze.activity/activity/i.svg', content: '<svg/>' },
    { name: 'Maze.activity/locale/es/activity.linfo', content: '[Activity]\nname = Laberinto\n' },
    { name: 'Maze.activity/large', content: 'x'.repeat(5000), mode: 0o100755 },
  ]);
  const library = zipOf([
    {
      name: 'atlas/library/library.info',
      content: '[Library]\nglobal_name = org.atlas\nlong_name = Atlas\nlibrary_version = 1.2\n',
    },
    { name: 'atlas/page.html', content: 'page' },
  ]);
  const path = scratch.file('bundle.xo');
  const read = async (bytes: Buffer) => {
    writeFileSync(path, bytes);
    return readBundle(path, { add: () => undefined });
  };

  test('of other bytes: what is accepted is a tree that an index can hold', async () => {
    const before = readdirSync('/proc/self/fd').length;
    await fuzz(
      'bundle',
      [zip, library, withZip64End(zip)],
      read,
      ({ info: { id, version, folder }, entries }) => {
        const index = serialiseIndex(entries);
        assert.deepEqual([...parseIndex(index)].length, entries.length);
        assert.ok(entries.every((entry) => isTreePath(entry.path)));
        assert.ok(isBundleVersion(version) && !id.includes('..') && !/[/\\\0]/.test(folder));
      },
      { codes: /^(zip|bundle|tree)-/ },
    );
    assert.equal(readdirSync('/proc/self/fd').length, before, 'no file stays open');
  });

  test('descriptions of any bytes are read', async () => {
    await fuzz(
      'info file',
      [Buffer.from(info)],
      (bytes) => readInfoSection(bytes.toString('utf8'), 'Activity'),
      (keys) => {
        for (const key of keys?.keys() ?? []) assert.equal(key, key.toLowerCase());
      },
    );
  });

  test('versions have one order', async () => {
    const versions = ['1', '1.0', '1.5', '2-dev', '10', '0', '1.5.3'];
    await fuzzSubject({
      name: 'bundle versions',
      input: (random) =>
        Array.from(
          { length: 3 },
          () => versions[random(versions.length)]! + (random(3) === 0 ? `.${random(20)}` : ''),
        ),
      parse: (given) => given.filter(isBundleVersion),
      accepted(known) {
        for (const one of known)
          for (const other of known) {
            const order = Math.sign(compareBundleVersions(one, other));
            assert.equal(order + Math.sign(compareBundleVersions(other, one)), 0);
            for (const third of known)
              if (order <= 0 && compareBundleVersions(other, third) <= 0)
                assert.ok(compareBundleVersions(one, third) <= 0);
          }
      },
    });
  });
});

test('what a home remembers is read, or refused by a sentence', async () => {
  const layout = homeLayout(scratch.file('home'));
  mkdirSync(dirname(layout.state), { recursive: true });
  const version = { version: '2', folder: 'Maze.activity', index: hex('b') };
  const state: Json = {
    ...{ format: 1, groups: ['default', 'more'] },
    pending: { ...version, id: 'org.a', kind: 'activity', inode: '123', pinned: true },
    waiting: [{ id: 'org.c', kind: 'activity', version: '1', because: 'folder-taken', by: 'org.a' }],
    bundles: [
      {
        id: 'org.a',
        kind: 'activity',
        ...version,
        installedAt: '2026-01-01',
        pinned: '2',
        previous: version,
      },
      { id: 'org.b', kind: 'content', ...version, installedAt: '2026-01-01', removed: true },
    ],
  };
  await fuzzSubject({
    ...fileSubject(
      'state of a home',
      [state],
      (bytes) => {
        writeFileSync(layout.state, bytes);
        return readHomeState(layout);
      },
      { codes: /^(home-state-damaged|device-file-newer)$/ },
    ),
    input: (random) =>
      random(2) === 0 ? anyFile([state], random) : Buffer.from(JSON.stringify(mutateJson(state, random))),
    accepted(known) {
      writeHomeState(layout, known);
      assert.deepEqual(readHomeState(layout), known);
    },
  });
});
