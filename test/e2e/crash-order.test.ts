/**
 * What a power cut may do: writes that were not synced are lost in any order. So every name that makes something
 * visible must come after the sync of what it names, and before the sync of the folder that holds it.
 */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { buildName } from '../../src/base/identifiers.ts';
import { deviceLayout, pristineTree } from '../../src/device/layout.ts';
import { must } from '../doubles/command.ts';
import type { LoggedCall } from '../doubles/crash-order.ts';
import { recordCalls } from '../doubles/crash-run.ts';
import { copyDevice, copyRepository, makeWorld, type World } from '../doubles/crash-world.ts';

let world: World;
before(async () => {
  world = await makeWorld();
});
after(() => world.remove());

/** Calls that have succeeded, in the order in which they did. */
function done(calls: readonly LoggedCall[]): readonly LoggedCall[] {
  return calls.filter(({ moment }) => moment === 'end');
}

const changesContent = new Set([
  'open',
  'write',
  'ftruncate',
  'fchmod',
  'copyFile',
  'fchown',
  'futimens',
  'futimes',
]);
const syncsFile = new Set(['fsync', 'fdatasync']);

/** Files and folders, by path, whose newest change a power cut could undo at a moment of the run. */
function unsyncedAt(calls: readonly LoggedCall[], end: number): { files: Set<string>; folders: Set<string> } {
  const files = new Set<string>();
  const folders = new Set<string>();
  for (const { call, paths } of calls.slice(0, end)) {
    const [path = '', to = ''] = paths;
    if (changesContent.has(call)) files.add(path);
    if (syncsFile.has(call)) {
      files.delete(path);
      folders.delete(path);
    }
    if (call === 'syncfs') {
      files.clear();
      folders.clear();
    }
    if (call === 'rename' || call === 'renameat2') {
      for (const set of [files, folders])
        for (const name of [...set])
          if (name === path || name.startsWith(`${path}/`)) {
            set.delete(name);
            set.add(to + name.slice(path.length));
          }
      folders.add(dirname(path)).add(dirname(to));
    }
    if (call === 'link') {
      if (files.has(path)) files.add(to);
      folders.add(dirname(to));
    }
    if (['open', 'mkdir', 'mknod', 'copyFile', 'unlink', 'rm', 'rmdir'].includes(call))
      folders.add(dirname(path));
    if (call === 'symlink') folders.add(dirname(path));
  }
  return { files, folders };
}

/** Numbers of the calls that give something its final name. */
function publications(calls: readonly LoggedCall[]): number[] {
  return calls.flatMap(({ call, paths }, number) => {
    const [from = '', to = ''] = paths;
    const isNaming = call === 'rename' || call === 'renameat2' || call === 'link';
    const intoPlace = isNaming && !/\/(trash|stage)\//.test(to) && /\/(\.tmp\.|stage\/)/.test(from);
    return intoPlace ? [number] : [];
  });
}

function assertOrder(calls: readonly LoggedCall[], least: number): void {
  const named = publications(calls);
  assert.ok(named.length >= least, `${named.length} names were given`);
  for (const number of named) {
    const { label, paths } = calls[number]!;
    const [from = '', to = ''] = paths;
    const { files, folders } = unsyncedAt(calls, number);
    const below = (name: string) => name === from || name.startsWith(`${from}/`);
    assert.deepEqual([...files].filter(below), [], `${label}: what is named was not synced before`);
    assert.deepEqual([...folders].filter(below), [], `${label}: names in it were not synced before`);
    const folder = dirname(to);
    const next = calls
      .slice(number + 1)
      .findIndex(
        ({ call, paths: [path] }) =>
          (call === 'fsync' && path === folder) || (call === 'syncfs' && `${folder}/`.startsWith(`${path}/`)),
      );
    assert.notEqual(next, -1, `${label}: the name was not synced afterwards`);
  }
}

/** The number of the only call whose label fits. */
function only(calls: readonly LoggedCall[], pattern: RegExp): number {
  const found = calls.flatMap(({ label }, number) => (pattern.test(label) ? [number] : []));
  assert.equal(found.length, 1, `${pattern}: ${found.length} calls`);
  return found[0]!;
}

async function recorded(name: string, prepare: (folder: string) => readonly string[]) {
  const folder = join(world.folder, name);
  mkdirSync(folder);
  return done(await recordCalls(prepare(folder), folder));
}

test('the record has calls of every form: synchronous, with callback, with promise, of handles, foreign, of threads', async () => {
  const device = join(world.folder, 'forms');
  await must(
    'device',
    'init',
    '--root',
    device,
    '--source',
    `file://${world.second}`,
    '--trust-on-first-use',
  );
  const update = await recordCalls(['update', '--root', device], device);
  const seen = new Set(done(update).map(({ label }) => label.replaceAll('versions/updates/satchel/', '')));
  for (const label of [
    'rename .tmp.#.journal.json journal.json',
    'fdatasync spool/#.0',
    'syncfs versions',
    'flock lock',
    'write stage/b2/etc/new',
    'mknod stage/b2/dev/queue',
    'utimensat stage/b2/etc',
    'symlink stage/b2/etc/link',
  ])
    assert.ok(seen.has(label), `${label} is missing in\n${[...seen].join('\n')}`);
  const publish = await recorded('forms-publish', (folder) => {
    copyRepository(world.first, join(folder, 'repo'));
    return ['publish', '--repo', join(folder, 'repo'), world.archives.b2];
  });
  const published = new Set(publish.map(({ label }) => label));
  for (const label of ['link repo/maps/.tmp.#.# repo/maps/#.zst', 'fchmod repo/maps/.tmp.#.#'])
    assert.ok(published.has(label), `${label} is missing in\n${[...published].join('\n')}`);
});

test('publishing syncs every file before its name and its folder before metadata names it', async () => {
  const calls = await recorded('publish', (folder) => {
    copyRepository(world.first, join(folder, 'repo'));
    return ['publish', '--repo', join(folder, 'repo'), world.archives.b2];
  });
  assertOrder(calls, 10);
  const timestamp = only(calls, /^rename .* repo\/metadata\/timestamp\.json$/);
  const { files, folders } = unsyncedAt(calls, timestamp);
  const published = (name: string) =>
    !name.includes('/.spool') && !name.includes('.tmp.') && !name.endsWith('/.lock');
  assert.deepEqual([...files].filter(published), [], 'files that the timestamp leads to');
  // The folder of the timestamp holds its temporary file, and is synced right after.
  const open = [...folders].filter(
    (name) => published(name) && !name.endsWith('/metadata') && !name.endsWith('/repo'),
  );
  assert.deepEqual(open, [], 'folders with files that the timestamp leads to');
  const unsafe = calls
    .slice(0, timestamp)
    .filter(({ label }) => /^(unlink|rm) repo\/\w/.test(label) && !label.includes('/.tmp.'));
  assert.deepEqual(unsafe, [], 'nothing that was published goes');
});

for (const role of ['root', 'timestamp', 'builds'])
  test(`rotating the key of ${role} syncs the key before metadata asks for its signature`, async () => {
    const calls = await recorded(`rotate-${role}`, (folder) => {
      copyRepository(world.first, join(folder, 'repo'));
      return ['keys', 'rotate', role, '--repo', join(folder, 'repo')];
    });
    assertOrder(calls, 3);
    const key = calls.findIndex(
      ({ call, paths }) => call === 'fsync' && /\/repo\.keys\/\w+\/\w+$/.test(paths[0] ?? ''),
    );
    const metadata = calls.findIndex(({ label }) => label.includes('repo/metadata/'));
    assert.ok(key >= 0 && key < metadata, 'the folder of the key is synced first');
  });

test('an update syncs the tree before its name, the version before the pointer, and the pointer before anything goes', async () => {
  const calls = await recorded('update', (folder) => {
    copyDevice(world.device, join(folder, 'device'));
    return ['update', '--root', join(folder, 'device')];
  });
  assertOrder(calls, 8);
  const tree = only(calls, /^rename \S*stage\/b2 \S*pristine\/b2$/);
  const record = only(calls, /^rename \S* \S*builds\/b2\.json$/);
  const boot = only(calls, /^rename \S* device\/versions\/boot$/);
  assert.ok(tree < record && record < boot);
  const { files, folders } = unsyncedAt(calls, boot);
  const own = (name: string) => !name.includes('/trust') && !name.includes('.tmp.');
  assert.deepEqual([...files].filter(own), [], 'files that the pointer leads to');
  const left = [...folders].filter((name) => own(name) && !name.endsWith('/device/versions'));
  assert.deepEqual(left, [], 'folders that the pointer leads to');
  const synced = calls.findIndex(({ call }, number) => number > boot && call === 'syncfs');
  const gone = calls.findIndex(
    ({ label }, number) => number > record && /^(unlink|rmdir|rm|rename) /.test(label) && number !== boot,
  );
  assert.ok(
    synced > boot && (gone === -1 || synced < gone),
    'the pointer is on the disk before anything goes',
  );
  const early = calls
    .slice(0, boot)
    .filter(({ label }) => /^(unlink|rmdir|rm|rename) \S*(pristine|configs|contents)\/(?!\.tmp)/.test(label));
  assert.deepEqual(early, [], 'nothing of a version goes before');
});

test('a rollback syncs the new pointer before it removes the old', async () => {
  const device = join(world.folder, 'two-versions');
  copyDevice(world.device, device);
  await must('update', '--root', device);
  const rollback = done(await recordCalls(['rollback', '--root', device], device));
  assertOrder(rollback, 1);
  const boot = only(rollback, / versions\/boot$/);
  const removed = rollback.findIndex(({ label }) => /^(unlink|rmdir) versions\/configs\//.test(label));
  assert.ok(rollback.slice(boot, removed).some(({ call }) => call === 'syncfs'));
  const made = rollback.findIndex(({ label }) => label.startsWith('symlink versions/configs/'));
  assert.ok(rollback.slice(made, boot).some(({ call }) => call === 'syncfs'));
});

test('a repair syncs what it puts into a tree', async () => {
  const device = join(world.folder, 'repaired');
  copyDevice(world.device, device);
  const tree = pristineTree(deviceLayout(device), buildName('b1'));
  writeFileSync(join(tree, 'etc/old'), 'wrong');
  const calls = done(await recordCalls(['repair', '--root', device], device));
  const placed = only(calls, /^rename \S*stage\/repair\.# versions\/pristine\/b1\/etc\/old$/);
  const { files } = unsyncedAt(calls, placed);
  assert.deepEqual(
    [...files].filter((name) => name.includes('/stage/')),
    [],
  );
  assert.ok(calls.slice(placed).some(({ call }) => call === 'syncfs'));
});
