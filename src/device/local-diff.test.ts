import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { buildName } from '../base/identifiers.ts';
import { needsRoot } from '../formats/gnu-tar.testkit.ts';
import { emptyDevice, installVersion } from './device.fixture.ts';
import { layerOf } from './layers.ts';
import { type DeviceLayout, pristineTree, runningTree } from './layout.ts';
import { localDiff } from './local-diff.ts';
import { runInLayer } from './local-overlay.testkit.ts';

const tree = {
  etc: { directory: true },
  'etc/name': 'laptop\n',
  'etc/link': { symlink: 'name' },
  'etc/d': { directory: true },
  'etc/d/a': 'a\n',
  'etc/d/b': 'b\n',
  usr: { directory: true },
  'usr/tool': { content: 'tool\n', mode: 0o755 },
  'usr/one': 'linked\n',
  'usr/two': { link: 'usr/one' },
  'usr/was-file': 'x\n',
  'usr/was-folder': { directory: true },
  'usr/was-folder/x': 'x\n',
} as const;

/** Every kind of change; files are replaced, so that a clone of hard links leaves the untouched tree alone. */
const doings = `echo other > n; mv n etc/name; ln -sfn tool etc/link; rm -r etc/d; chmod 700 etc; cp usr/tool n; mv n usr/tool
  chmod 711 usr/tool; mkdir -p var/new; echo x > var/new/file; rm usr/was-file; mkdir usr/was-file; echo y > usr/was-file/y
  rm -r usr/was-folder; echo z > usr/was-folder`;

const expected = [
  'added usr/was-file/y',
  'added var',
  'added var/new',
  'added var/new/file',
  'changed etc/link',
  'changed etc/name',
  'changed usr/was-file',
  'changed usr/was-folder',
  'deleted etc/d',
  'metadata(mode) etc',
  'metadata(mode,mtime) usr/tool',
];

async function diff(layout: DeviceLayout, name: string, full = false) {
  const { from, changes } = await localDiff({ layout, build: buildName(name), full });
  const lines = changes.map((change) =>
    change.kind === 'metadata'
      ? `metadata(${change.fields}) ${change.path}`
      : `${change.kind} ${change.path}`,
  );
  assert.deepEqual(
    changes.map(({ path }) => path),
    changes.map(({ path }) => path).sort(),
  );
  return { from, lines: lines.sort() };
}

function clone(layout: DeviceLayout, name: string, ...words: string[]): void {
  const build = buildName(name);
  execFileSync('cp', ['-a', ...words, pristineTree(layout, build), runningTree(layout, build)]);
}

function saysBoot(layout: DeviceLayout, text: string): void {
  mkdirSync(dirname(layout.bootFacts), { recursive: true });
  writeFileSync(layout.bootFacts, text);
}

for (const [mode, words] of [
  ['copy', []],
  ['hardlink', ['-l']],
] as const)
  test(`a tree that runs as ${mode} is compared with the index`, { skip: needsRoot }, async (context) => {
    const layout = emptyDevice(context);
    await installVersion(layout, 'a', tree);
    clone(layout, 'a', ...words);
    assert.deepEqual(await diff(layout, 'a', true), { from: 'tree', lines: [] });
    execFileSync('sh', ['-euc', doings], { cwd: runningTree(layout, buildName('a')) });
    saysBoot(layout, `build=a\nmode=${mode}\n`);
    assert.deepEqual(await diff(layout, 'a'), { from: 'tree', lines: expected });
  });

test('a layer tells the same as a tree', { skip: needsRoot }, async (context) => {
  const layout = emptyDevice(context);
  const a = await installVersion(layout, 'a', tree);
  runInLayer(layout, a, doings);
  assert.deepEqual(await diff(layout, 'a'), { from: 'layer', lines: expected });
});

test('a change that hides its time is found by reading everything', async (context) => {
  const layout = emptyDevice(context);
  await installVersion(layout, 'a', tree);
  clone(layout, 'a');
  const file = `${runningTree(layout, buildName('a'))}/etc/name`;
  execFileSync('sh', [
    '-euc',
    `touch -r "$1" "$1.time"; echo LAPTOP > "$1"; touch -r "$1.time" "$1"; rm "$1.time"`,
    'sh',
    file,
  ]);
  assert.deepEqual((await diff(layout, 'a')).lines, []);
  assert.deepEqual((await diff(layout, 'a', true)).lines, ['changed etc/name']);
});

test('what was never booted, or has the layer of another tree, is not known', async (context) => {
  const layout = emptyDevice(context);
  await installVersion(layout, 'a', tree);
  const isUnknown = (error: unknown) => isSatchelError(error, 'local-not-known');
  await assert.rejects(diff(layout, 'a'), isUnknown);
  mkdirSync(layerOf(layout, buildName('a')).upper, { recursive: true });
  writeFileSync(layerOf(layout, buildName('a')).index, `${'0'.repeat(64)}\n`);
  await assert.rejects(diff(layout, 'a'), isUnknown);
  await assert.rejects(diff(layout, 'b'), (error) => isSatchelError(error, 'version-not-installed'));
});
