/** Bundles that come by deltas: the same trees for fewer bytes, and by objects wherever a delta does not help. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { homeLayout } from '../../src/activities/home.ts';
import { deviceSettings } from '../../src/activities/home-session.ts';
import { readHomeState } from '../../src/activities/home-state.ts';
import { updateActivities } from '../../src/activities/update-activities.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { Reporter } from '../../src/base/progress.ts';
import { zipOf } from '../../src/formats/zip.testkit.ts';
import { must } from '../doubles/command.ts';
import { assertSameTree } from '../doubles/same-tree.ts';
import { scratchFolder } from '../doubles/scratch.ts';

const scratch = scratchFolder('activities-delta');
const origin = scratch.file('origin');
const repository = scratch.file('repository');
const device = scratch.file('device');
const old = scratch.file('old');
const home = scratch.file('home');
const names = ['Maze', 'Chess'] as const;
const inHome = (name: string, ...path: string[]) => join(home, 'Activities', `${name}.activity`, ...path);

/** Content that does not shrink, the same in all versions but for a few lines. */
function content(name: string, version: number): string {
  let state = name.length;
  const lines = Array.from({ length: 20_000 }, () => {
    state = (state * 48271) % 2147483647;
    return String(state);
  });
  return lines.toSpliced(version * 100, 3, `version ${version}`).join('\n');
}

function pack(name: string, version: number): string {
  const info = `[Activity]\nname = ${name}\nbundle_id = org.test.${name}\nactivity_version = ${version}\nexec = x\n`;
  const files = {
    'activity/activity.info': info,
    'data/large.txt': content(name, version),
    'data/other.txt': content(`${name}2`, version),
    'data/same.txt': content(`${name}34`, 0),
    [`only-in-${version}`]: `${version}`,
  };
  const path = scratch.file(`${name}-${version}.xo`);
  const members = Object.entries(files).map(([file, text]) => ({
    name: `${name}.activity/${file}`,
    content: text,
  }));
  writeFileSync(path, zipOf(members));
  return path;
}

function copy(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to]);
}

type Run = Partial<Parameters<typeof updateActivities>[0]>;

/** An update of the home, and what it said. */
async function update(options: Run = {}, onProgress: Reporter['progress'] = () => {}) {
  const said: string[] = [];
  const done = await updateActivities({
    layout: homeLayout(home),
    settings: deviceSettings(device, {}),
    named: new Map(),
    dryRun: false,
    clock: systemClock,
    reporter: { progress: onProgress, notice: (code) => said.push(code) },
    ...options,
  });
  return { ...done, plan: done.plan!, said };
}

/** Changes what every delta of the repository is. */
function changeDeltas(change: (bytes: Buffer) => Uint8Array): void {
  const folder = join(repository, 'deltas');
  const files = readdirSync(folder).filter((name) => name.endsWith('.delta'));
  assert.equal(files.length, names.length);
  for (const name of files) {
    chmodSync(join(folder, name), 0o644);
    writeFileSync(join(folder, name), change(readFileSync(join(folder, name))));
  }
}

let expected: string;

before(async () => {
  const { rootSha256 } = await must('init', '--repo', origin);
  mkdirSync(scratch.file('tree'));
  writeFileSync(scratch.file('tree/file'), 'the OS');
  await must('publish', '--repo', origin, '--name', 'os-1', scratch.file('tree'));
  const publish = (version: number) =>
    must('activity', 'publish', '--repo', origin, ...names.map((name) => pack(name, version)));
  await publish(1);
  copy(origin, repository);
  await must('device', 'init', '--root', device, '--source', repository, '--trust', rootSha256);
  mkdirSync(home);
  await update();
  copy(home, old);
  await publish(2);
  rmSync(repository, { recursive: true });
  copy(origin, repository);
  assert.equal((await update({ memory: 0 })).plan.byDelta, 0);
  expected = scratch.file('expected');
  copy(join(home, 'Activities'), expected);
});

beforeEach(() => {
  for (const path of [home, repository]) rmSync(path, { recursive: true, force: true });
  copy(origin, repository);
  copy(old, home);
});

after(() => scratch.remove());

/** As it is after an update by objects. */
function assertUpdated(): void {
  for (const name of names) {
    assertSameTree(inHome(name), join(expected, `${name}.activity`));
    assert.equal(readFileSync(inHome(name, 'data/large.txt'), 'utf8'), content(name, 2));
  }
  const { bundles, pending } = readHomeState(homeLayout(home));
  assert.deepEqual(
    [...bundles.values()].map(({ version }) => version),
    ['2', '2'],
  );
  assert.equal(pending, undefined);
}

test('bundles that come by deltas are what they are by objects, for a part of the bytes', async () => {
  const byObjects = await update({ memory: 0, dryRun: true });
  const byDelta = await update();
  assert.deepEqual([byDelta.plan.byDelta, byDelta.said], [2, []]);
  assert.ok(byDelta.plan.bytes * 10 < byObjects.plan.bytes, JSON.stringify([byDelta.plan, byObjects.plan]));
  assertUpdated();
});

test('a dry run tells what the deltas take, and installs nothing', async () => {
  const { plan, updated } = await update({ dryRun: true });
  assert.deepEqual([plan.byDelta, updated.length], [2, 2]);
  assert.equal(readFileSync(inHome('Maze', 'only-in-1'), 'utf8'), '1');
  assert.equal((await update()).plan.byDelta, 2);
});

test('a device without the memory for deltas takes the objects', async () => {
  const { plan, said } = await update({ memory: 1 });
  assert.deepEqual([plan.byDelta, said], [0, []]);
  assertUpdated();
});

test('only one of them is installed: it comes by its delta, the other whole', async () => {
  await must('activities', 'remove', 'org.test.Chess', '--home', home);
  const named = new Map([...readHomeState(homeLayout(home)).bundles.keys()].map((id) => [id, undefined]));
  const { plan } = await update({ named });
  assert.equal(plan.byDelta, 1);
  for (const name of names) assertSameTree(inHome(name), join(expected, `${name}.activity`));
});

test('a file that a program changed in place costs its own objects, and no more', async () => {
  const file = inHome('Maze', 'data/large.txt');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, `${text.slice(0, -5)}mine!`);
  await update();
  assertUpdated();
});

test('one that cannot be what it was is fetched beside the delta', async () => {
  rmSync(inHome('Maze', 'data/same.txt'));
  const { plan } = await update();
  assert.equal(plan.byDelta, 2);
  assertUpdated();
});

test('where files are gone that deltas are made from, objects come in their place', async () => {
  for (const file of ['large.txt', 'other.txt', 'same.txt']) rmSync(inHome('Maze', 'data', file));
  for (const file of ['large.txt', 'other.txt']) appendFileSync(inHome('Chess', 'data', file), 'mine');
  const { said } = await update();
  // The delta is not to blame.
  assert.deepEqual(said, []);
  assertUpdated();
});

test('a bundle whose index is lost comes by objects', async () => {
  for (const name of readdirSync(homeLayout(home).indexes)) rmSync(join(homeLayout(home).indexes, name));
  assert.equal((await update()).plan.byDelta, 0);
  assertUpdated();
});

test('wrong content of a delta is told, and objects are fetched in its place', async () => {
  changeDeltas((bytes) => bytes.fill(0, bytes.length - 20));
  const { plan, said } = await update();
  assert.deepEqual([plan.byDelta, said], [2, ['delta-of-no-use', 'delta-of-no-use']]);
  assertUpdated();
});

test('so is a wrong head, before anything is planned with it', async () => {
  changeDeltas((bytes) => bytes.fill(0, 0, 20));
  const { plan, said } = await update();
  assert.deepEqual([plan.byDelta, said], [0, ['delta-of-no-use', 'delta-of-no-use']]);
  assertUpdated();
});

test('so is one that a source does not have', async () => {
  rmSync(join(repository, 'deltas'), { recursive: true });
  const { plan, said } = await update();
  assert.deepEqual([plan.byDelta, said], [0, ['delta-of-no-use', 'delta-of-no-use']]);
  assertUpdated();
});

test('an update that was stopped goes on with what it had received', async () => {
  const stop = new AbortController();
  const stopped = update({ signal: stop.signal }, ({ step }) => {
    if (step === 'stage') stop.abort();
  });
  await assert.rejects(stopped, { code: 'cancelled' });
  const { plan } = await update();
  assert.deepEqual([plan.byDelta, plan.bytes, plan.requests], [2, 0, 0]);
  assertUpdated();
});
