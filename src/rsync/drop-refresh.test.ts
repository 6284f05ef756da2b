import assert from 'node:assert/strict';
import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { after, test } from 'node:test';
import { dropSet } from '../../test/doubles/dropped-sets.ts';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { writeTinyBuilds } from '../../test/doubles/tiny-builds.ts';
import { buildName, streamName } from '../base/identifiers.ts';
import { silentReporter } from '../base/progress.ts';
import { openSource } from '../build/source.ts';
import { openCatalog } from '../repository/catalog.ts';
import { publish } from '../repository/publish.ts';
import { memoryStore } from '../store/memory.ts';
import { initialiseTrust } from '../trust/initialise.ts';
import { type KeyRing, memoryKeyRing } from '../trust/keys.ts';
import type { SigningRequest } from '../trust/signing-request.ts';
import type { RefreshOptions } from './drop-options.ts';
import { problemSentence } from './drop-problems.ts';
import { readDropRecord } from './drop-record.ts';
import { type DropReport, refreshDrop } from './drop-refresh.ts';
import { rsyncLayout } from './layout.ts';
import { defaultSettings, writeRsyncSettings } from './settings.ts';

const scratch = scratchFolder('drop');
after(() => scratch.remove());
const { b1, b2 } = writeTinyBuilds(scratch.path);
let scenes = 0;

/** A repository with nothing in it and an rsync directory beside it. */
async function emptyScene() {
  scenes += 1;
  const layout = rsyncLayout(scratch.file(`scene-${scenes}`, 'repo.rsync'));
  const store = memoryStore();
  let now = Date.parse('2026-01-15T12:00:00Z');
  const clock = () => {
    now += 1000;
    return now;
  };
  const keys = memoryKeyRing(clock);
  await initialiseTrust({ store, keys, clock }, {});
  const requests: SigningRequest[] = [];
  const context = {
    layout,
    store,
    spoolDirectory: scratch.file(`scene-${scenes}`, 'spool'),
    keys,
    clock,
    keepRequest: (request: SigningRequest) => {
      requests.push(request);
      return `request-${requests.length}.json`;
    },
    reporter: silentReporter,
  };
  mkdirSync(layout.packed, { recursive: true });
  return {
    ...context,
    packed: layout.packed,
    requests,
    refresh: (options: Partial<RefreshOptions> = {}) => refreshDrop({ ...context, settle: 1, ...options }),
    builds: async () => (await openCatalog(store)).buildNames(),
    publishByHand: (name: string, path: string) =>
      publish({
        ...context,
        source: { name: buildName(name), source: { kind: 'archive', path }, input: nothing() },
        streams: [],
      }),
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

const codes = (report: DropReport) => ({
  problems: report.problems.map(({ set, code }) => `${set}: ${code}`),
  waiting: report.waiting.map(({ set, code }) => `${set}: ${code}`),
});
const quietReport = { problems: [], waiting: [] };

test('four files are published under their public name, and a second refresh has nothing to do', async () => {
  const scene = await emptyScene();
  dropSet(scene.packed, { prefix: 'xyz_jffs2', name: 'joyride-2230', archive: b1 });
  const first = await scene.refresh();
  assert.deepEqual([first.published, first.kept], [['joyride-2230'], []]);
  assert.deepEqual(codes(first), quietReport);
  const second = await scene.refresh();
  assert.deepEqual([second.published, second.kept], [[], ['joyride-2230']]);
  assert.deepEqual(await scene.builds(), ['joyride-2230']);
});

test('removing or renaming the .name file withdraws the build, and only that one', async () => {
  const scene = await emptyScene();
  const one = dropSet(scene.packed, { prefix: 'one', archive: b1 });
  const two = dropSet(scene.packed, { prefix: 'two', archive: b2 });
  await scene.publishByHand('by-hand', b1);
  await scene.refresh();
  rmSync(one.name);
  assert.deepEqual((await scene.refresh()).withdrawn, ['one']);
  renameSync(two.name, `${two.name}.off`);
  assert.deepEqual((await scene.refresh()).withdrawn, ['two']);
  assert.deepEqual(await scene.builds(), ['by-hand']);
});

test('another public name in the .name file publishes the build under it and withdraws the old one', async () => {
  const scene = await emptyScene();
  const { name } = dropSet(scene.packed, { prefix: 'one', archive: b1 });
  await scene.refresh();
  writeFileSync(name, 'another\n');
  const report = await scene.refresh();
  assert.deepEqual([report.published, report.withdrawn], [['another'], ['one']]);
  assert.deepEqual(await scene.builds(), ['another']);
});

test('a build that was published by hand before its files were dropped is not withdrawn with them', async () => {
  const scene = await emptyScene();
  const { name, contents } = dropSet(scene.packed, { prefix: 'one', archive: b1 });
  await publish({
    ...scene,
    source: {
      name: buildName('one'),
      source: { kind: 'archive', path: b1 },
      input: nothing(),
      contentsPath: contents,
    },
    streams: [],
  });
  assert.deepEqual((await scene.refresh()).kept, ['one']);
  rmSync(name);
  assert.deepEqual((await scene.refresh()).withdrawn, []);
  assert.deepEqual(await scene.builds(), ['one']);
});

for (const without of ['archive', '.md5', '.contents'] as const)
  test(`a set without its ${without} waits, is published when that comes, and the others do not wait`, async () => {
    const scene = await emptyScene();
    dropSet(scene.packed, { prefix: 'half', archive: b1, without });
    dropSet(scene.packed, { prefix: 'whole', archive: b2 });
    const report = await scene.refresh();
    assert.deepEqual(codes(report), { problems: [], waiting: ['half: drop-set-incomplete'] });
    assert.deepEqual(report.published, ['whole']);
    dropSet(scene.packed, { prefix: 'half', archive: b1 });
    assert.deepEqual((await scene.refresh()).published, ['half']);
  });

test('an archive without a .name file is nobody’s business', async () => {
  const scene = await emptyScene();
  dropSet(scene.packed, { prefix: 'one', archive: b1, without: '.name' });
  assert.deepEqual(codes(await scene.refresh()), quietReport);
  assert.deepEqual(await scene.builds(), []);
});

test('files that change between two looks wait; they are published when they have stayed the same', async () => {
  const scene = await emptyScene();
  const { archive } = dropSet(scene.packed, { prefix: 'one', archive: b1 });
  const whole = readFileSync(archive);
  truncateSync(archive, 1000);
  const refreshing = scene.refresh({ settle: 100 });
  // The first look is taken in this turn, the second is not.
  await new Promise(setImmediate);
  writeFileSync(archive, whole.subarray(0, 5000));
  assert.deepEqual(codes(await refreshing), { problems: [], waiting: ['one: drop-set-changing'] });
  writeFileSync(archive, whole);
  assert.deepEqual((await scene.refresh()).published, ['one']);
});

test('a copy that stopped half-way is one sentence until it goes on', async () => {
  const scene = await emptyScene();
  const { archive } = dropSet(scene.packed, { prefix: 'one', archive: b1 });
  dropSet(scene.packed, { prefix: 'two', archive: b2 });
  const whole = readFileSync(archive);
  truncateSync(archive, 1000);
  const report = await scene.refresh();
  assert.deepEqual(codes(report), { problems: ['one: source-md5-wrong'], waiting: [] });
  assert.deepEqual(report.published, ['two']);
  assert.deepEqual(codes(await scene.refresh({ retry: false })).problems, ['one: source-md5-wrong']);
  writeFileSync(archive, whole);
  const healed = await scene.refresh({ retry: false });
  assert.deepEqual([healed.published, codes(healed)], [['one'], quietReport]);
});

test('every kind of bad set is a sentence of its own, and none stops the good one', async () => {
  const scene = await emptyScene();
  dropSet(scene.packed, { prefix: 'a-space', name: 'two words', archive: b1 });
  dropSet(scene.packed, { prefix: 'b-bracket', name: '[builds]', archive: b1 });
  dropSet(scene.packed, { prefix: 'c-empty', name: '', archive: b1 });
  const damaged = scratch.file('damaged.tar');
  writeFileSync(damaged, readFileSync(b1).subarray(0, 100_000));
  dropSet(scene.packed, { prefix: 'd-damaged', archive: damaged });
  writeFileSync(dropSet(scene.packed, { prefix: 'e-md5', archive: b1 }).md5, 'no md5\n');
  dropSet(scene.packed, { prefix: 'f-contents', archive: b1, contents: '["olpc-contents-x",1,{]' });
  dropSet(scene.packed, { prefix: 'g-first', name: 'same', archive: b1 });
  dropSet(scene.packed, { prefix: 'h-second', name: 'same', archive: b2 });
  mkdirSync(`${scene.packed}/i-folder.name`);
  dropSet(scene.packed, { prefix: 'j-cut', archive: b1, contents: '["olpc-contents",1,{"a' });
  dropSet(scene.packed, { prefix: 'k-zero', archive: b1, contents: '' });
  dropSet(scene.packed, { prefix: 'z-good', archive: b2 });
  const report = await scene.refresh();
  assert.deepEqual(report.published, ['same', 'z-good']);
  assert.deepEqual(codes(report), {
    problems: [
      'a-space: drop-name-not-allowed',
      'b-bracket: drop-name-not-allowed',
      'd-damaged: archive-truncated',
      'e-md5: source-md5-unreadable',
      'f-contents: contents-damaged',
      'h-second: drop-name-taken',
      'j-cut: drop-contents-cut-short',
    ],
    waiting: ['c-empty: drop-name-empty', 'k-zero: drop-set-incomplete'],
  });
  assert.deepEqual(await scene.builds(), ['same', 'z-good']);
});

test('a symlink in the place of any of the four files is a problem, and what it leads to is read nowhere', async () => {
  const scene = await emptyScene();
  const secret = scratch.file('secret');
  writeFileSync(secret, 'root:$6$secret\n');
  for (const file of ['name', 'archive', 'md5', 'contents'] as const) {
    const files = dropSet(scene.packed, { prefix: file, archive: b1 });
    rmSync(files[file]);
    symlinkSync(file === 'archive' ? b1 : secret, files[file]);
  }
  dropSet(scene.packed, { prefix: 'spoken', name: 'root:$6$secret', archive: b1 });
  dropSet(scene.packed, { prefix: 'z-good', archive: b1 });
  const report = await scene.refresh();
  assert.deepEqual(codes(report), {
    problems: [
      'archive: drop-file-link',
      'contents: drop-file-link',
      'md5: drop-file-link',
      'name: drop-file-link',
      'spoken: drop-name-not-allowed',
    ],
    waiting: [],
  });
  assert.deepEqual(await scene.builds(), ['z-good']);
  assert.ok(!JSON.stringify(report).includes('secret'));
  assert.ok(!readFileSync(scene.layout.packedRecord, 'utf8').includes('secret'));
});

test('the sentence of each problem says what to do', async () => {
  const scene = await emptyScene();
  const changed = dropSet(scene.packed, { prefix: 'changed', archive: b1 });
  await scene.refresh();
  dropSet(scene.packed, { prefix: 'changed', archive: b2 });
  writeFileSync(
    dropSet(scene.packed, { prefix: 'sum', archive: b1 }).md5,
    `${'0'.repeat(32)}  sum-tree.tar\n`,
  );
  dropSet(scene.packed, { prefix: 'xo902', name: 'xo903', archive: b1 });
  dropSet(scene.packed, { prefix: 'xo903', archive: b2 });
  assert.ok(changed.archive);
  const { problems } = await scene.refresh();
  const said = problems.map((problem) => problemSentence(problem, 'en')).join('\n');
  assert.match(said, /files of changed have changed .* --force"/);
  assert.match(said, /^sum: .* MD5 .* Copy it again together with its \.md5\.$/m);
  assert.match(
    said,
    /xo903\.name gives the public name xo903, which xo902\.name gives too\. Change the first line/,
  );
  assert.ok(problems.every(({ message }) => said.includes(message)));
});

test('a build stays while its .name file is empty or gives no name that is allowed', async () => {
  const scene = await emptyScene();
  const { name } = dropSet(scene.packed, { prefix: 'one', archive: b1 });
  await scene.refresh();
  for (const text of ['', 'not a name\n']) {
    writeFileSync(name, text);
    assert.deepEqual((await scene.refresh()).withdrawn, [], text);
    assert.deepEqual(await scene.builds(), ['one']);
  }
});

test('other content under a published name is a problem; with force it takes the place of the old', async () => {
  const scene = await emptyScene();
  dropSet(scene.packed, { prefix: 'one', archive: b1 });
  await scene.refresh();
  const before = await (await openCatalog(scene.store)).build(buildName('one'));
  const indexNow = async () => (await (await openCatalog(scene.store)).build(buildName('one'))).index.sha256;
  dropSet(scene.packed, { prefix: 'one', archive: b2 });
  assert.deepEqual(codes(await scene.refresh()).problems, ['one: drop-set-changed']);
  assert.equal(await indexNow(), before.index.sha256);
  const forced = await scene.refresh({ force: true });
  assert.deepEqual([forced.published, codes(forced)], [['one'], quietReport]);
  assert.notEqual(await indexNow(), before.index.sha256);
});

test('with force a bad archive does not take the place of a good one', async () => {
  const scene = await emptyScene();
  const { archive } = dropSet(scene.packed, { prefix: 'one', archive: b1 });
  await scene.refresh();
  truncateSync(archive, 1000);
  assert.deepEqual(codes(await scene.refresh({ force: true })).problems, ['one: source-md5-wrong']);
  assert.deepEqual(await scene.builds(), ['one']);
});

test('files that only got another time are the same build', async () => {
  const scene = await emptyScene();
  const { archive } = dropSet(scene.packed, { prefix: 'one', archive: b1 });
  await scene.refresh();
  utimesSync(archive, 1000, 1000);
  const report = await scene.refresh();
  assert.deepEqual([report.published, report.kept, codes(report)], [[], ['one'], quietReport]);
});

test('a build that a stream stands for is not withdrawn: that is a problem until its file is back', async () => {
  const scene = await emptyScene();
  const { name } = dropSet(scene.packed, { prefix: 'one', archive: b1 });
  await scene.refresh();
  await publish({
    ...scene,
    source: { name: buildName('one'), source: openSource(`${scene.packed}/one`), input: nothing() },
    streams: [streamName('stable')],
  });
  rmSync(name);
  assert.deepEqual(codes(await scene.refresh()).problems, ['one: build-in-stream']);
  assert.deepEqual(await scene.builds(), ['one']);
  writeFileSync(name, 'one\n');
  assert.deepEqual(codes(await scene.refresh()), quietReport);
});

test('a directory that is not there, or another one that is empty, withdraws nothing', async () => {
  const scene = await emptyScene();
  dropSet(scene.packed, { prefix: 'one', archive: b1 });
  await scene.refresh();
  const elsewhere = `${scene.packed}.elsewhere`;
  renameSync(scene.packed, elsewhere);
  // As after an unmount: the place is there, and empty.
  await assert.rejects(scene.refresh(), { code: 'drop-directory-empty' });
  assert.equal(readDropRecord(scene.layout).trouble?.code, 'drop-directory-empty');
  writeRsyncSettings(scene.layout, { ...defaultSettings, packed: `${scene.packed}.absent` });
  await assert.rejects(scene.refresh(), { code: 'drop-directory-unreadable' });
  writeRsyncSettings(scene.layout, { ...defaultSettings, packed: elsewhere });
  assert.deepEqual((await scene.refresh()).kept, ['one']);
  assert.equal(readDropRecord(scene.layout).trouble, undefined);
  rmSync(elsewhere, { recursive: true });
  mkdirSync(elsewhere);
  assert.deepEqual((await scene.refresh({ force: true })).withdrawn, ['one']);
});

test('emptying the drop directory withdraws all that came from it', async () => {
  const scene = await emptyScene();
  const files = dropSet(scene.packed, { prefix: 'one', archive: b1 });
  await scene.refresh();
  for (const file of Object.values(files)) rmSync(file);
  assert.deepEqual((await scene.refresh()).withdrawn, ['one']);
});

test('without the offline key a request is made once, and nothing is published twice', async () => {
  const scene = await emptyScene();
  const { name } = dropSet(scene.packed, { prefix: 'one', archive: b1 });
  const keys: KeyRing = { ...scene.keys, load: (role) => (role === 'builds' ? [] : scene.keys.load(role)) };
  assert.deepEqual(codes(await scene.refresh({ keys })).waiting, ['one: drop-set-unsigned']);
  assert.deepEqual(codes(await scene.refresh({ keys })).waiting, ['one: drop-set-unsigned']);
  assert.equal(scene.requests.length, 1);
  // As if it had come back signed.
  const { contents } = dropSet(scratch.file('beside'), { prefix: 'one', archive: b1 });
  await publish({
    ...scene,
    source: {
      name: buildName('one'),
      source: { kind: 'archive', path: b1 },
      input: nothing(),
      contentsPath: contents,
    },
    streams: [],
  });
  assert.deepEqual((await scene.refresh({ keys })).kept, ['one']);
  rmSync(name);
  const { waiting } = await scene.refresh({ keys });
  assert.deepEqual(codes({ ...(await scene.refresh({ keys })), waiting }).waiting, [
    'one: drop-withdrawal-unsigned',
  ]);
  assert.match(waiting.map((problem) => problemSentence(problem, 'en')).join(), /"satchel keys sign"/);
  await scene.refresh({ keys });
  assert.equal(scene.requests.length, 2);
  assert.deepEqual(await scene.builds(), ['one']);
});

test('of two refreshes at once the second waits, says so, and finds nothing left to do', async () => {
  const scene = await emptyScene();
  dropSet(scene.packed, { prefix: 'one', archive: b1 });
  const said: string[] = [];
  const reporter = { progress() {}, notice: (code: string) => said.push(code) };
  const reports = await Promise.all([scene.refresh(), scene.refresh({ reporter })]);
  assert.deepEqual(
    reports.map(({ published, kept }) => [published, kept]),
    [
      [['one'], []],
      [[], ['one']],
    ],
  );
  assert.deepEqual(said, ['drop-busy']);
});

test('a refresh that is cancelled says so, and the next one does what is left', async () => {
  const scene = await emptyScene();
  dropSet(scene.packed, { prefix: 'one', archive: b1 });
  await assert.rejects(scene.refresh({ signal: AbortSignal.abort() }), { code: 'cancelled' });
  const stop = new AbortController();
  const reporter = { progress: () => stop.abort(), notice() {} };
  await assert.rejects(scene.refresh({ signal: stop.signal, reporter }), { code: 'cancelled' });
  assert.deepEqual((await scene.refresh()).published, ['one']);
});

test('a record that is damaged stops the refresh with a sentence and changes nothing', async () => {
  const scene = await emptyScene();
  dropSet(scene.packed, { prefix: 'one', archive: b1 });
  writeFileSync(scene.layout.packedRecord, '{"satchel":"rsync-drop"');
  await assert.rejects(scene.refresh(), { code: 'record-invalid' });
  assert.deepEqual(await scene.builds(), []);
});
