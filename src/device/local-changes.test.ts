import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { byteStringFromText } from '../base/byte-string.ts';
import { isSatchelError } from '../base/errors.ts';
import { needsRoot } from '../formats/gnu-tar.testkit.ts';
import { setXattr } from '../os/system-calls.ts';
import { emptyDevice, installVersion } from './device.fixture.ts';
import { layerOf } from './layers.ts';
import type { DeviceLayout } from './layout.ts';
import { pristineTree } from './layout.ts';
import { changesOfLayer } from './local-changes.ts';
import { viewTree } from './local-inode.ts';
import { type LayeredVersion, runInLayer } from './local-overlay.testkit.ts';

const tree = {
  etc: { directory: true },
  'etc/name': 'laptop\n',
  'etc/same': 'opened for writing, not changed\n',
  'etc/conf.d': { directory: true },
  'etc/conf.d/a': 'a\n',
  'etc/conf.d/b': 'b\n',
  'etc/link': { symlink: 'name' },
  usr: { directory: true },
  'usr/tool': { content: 'tool\n', mode: 0o755 },
  'usr/one': 'linked\n',
  'usr/two': { link: 'usr/one' },
  var: { directory: true },
} as const;

/** Kind, path and fields of each change, in order of the paths. */
function changes(layout: DeviceLayout, { name }: LayeredVersion): string[] {
  return [
    ...changesOfLayer({
      upper: viewTree(layerOf(layout, name).upper),
      lower: viewTree(pristineTree(layout, name)),
    }),
  ]
    .sort((one, other) => (one.path < other.path ? -1 : 1))
    .map((change) =>
      ['fields' in change ? `${change.kind}(${change.fields})` : change.kind, change.path || '.'].join(' '),
    );
}

test('what overlayfs writes is read as what was done', { skip: needsRoot }, async (context) => {
  const layout = emptyDevice(context);
  const a = await installVersion(layout, 'a', tree);
  runInLayer(
    layout,
    a,
    `echo other > etc/name
     : >> etc/same
     rm usr/tool
     touch usr/one
     chmod 600 etc/conf.d/a
     ln -sfn same etc/link
     mkdir -p var/new/deep; echo x > var/new/deep/file
     echo more >> usr/two`,
  );
  assert.deepEqual(changes(layout, a), [
    'metadata(mode) etc/conf.d/a',
    'changed() etc/link',
    'changed(mtime) etc/name',
    'metadata(mtime) usr/one',
    'deleted usr/tool',
    'changed(mtime) usr/two',
    'added var/new',
    'added var/new/deep',
    'added var/new/deep/file',
  ]);
});

test('a folder that was made anew hides what was in it', { skip: needsRoot }, async (context) => {
  const layout = emptyDevice(context);
  const a = await installVersion(layout, 'a', tree);
  runInLayer(
    layout,
    a,
    `rm -r etc/conf.d; mkdir -m 700 etc/conf.d; echo changed > etc/conf.d/a; mkdir etc/conf.d/sub
     rm -r usr; echo file > usr`,
  );
  assert.deepEqual(changes(layout, a), [
    'metadata(mode) etc/conf.d',
    'changed(mtime) etc/conf.d/a',
    'deleted etc/conf.d/b',
    'added etc/conf.d/sub',
    'changed(mode,mtime) usr',
  ]);
});

test('a folder moved elsewhere is gone here and new there', { skip: needsRoot }, async (context) => {
  const layout = emptyDevice(context);
  const a = await installVersion(layout, 'a', tree);
  runInLayer(layout, a, 'mv etc/conf.d etc/moved');
  assert.deepEqual(changes(layout, a), [
    'deleted etc/conf.d',
    'added etc/moved',
    'added etc/moved/a',
    'added etc/moved/b',
  ]);
});

test('nothing was changed where nothing was done', { skip: needsRoot }, async (context) => {
  const layout = emptyDevice(context);
  const a = await installVersion(layout, 'a', tree);
  runInLayer(layout, a, 'cat etc/name; echo x > var/gone; rm var/gone; mkdir var/d; rmdir var/d');
  assert.deepEqual(changes(layout, a), []);
});

test('a layer with redirections is refused: its names are not all that it means', {
  skip: needsRoot,
}, async (context) => {
  const layout = emptyDevice(context);
  const a = await installVersion(layout, 'a', tree);
  runInLayer(layout, a, ':');
  const moved = join(layerOf(layout, a.name).upper, 'moved');
  mkdirSync(moved);
  setXattr(moved, byteStringFromText('trusted.overlay.redirect'), byteStringFromText('/etc'));
  assert.throws(
    () => changes(layout, a),
    (error) => isSatchelError(error, 'layer-not-ours') && error.parameters.path === 'moved',
  );
});
