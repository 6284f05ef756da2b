import assert from 'node:assert/strict';
import { chmodSync, lutimesSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { byteStringFromText } from '../base/byte-string.ts';
import { setXattr } from '../os/system-calls.ts';
import { openBase } from './base-check.ts';
import { emptyDevice, installVersion } from './device.fixture.ts';

const usual = 1_193_961_600;

async function base(context: TestContext) {
  const layout = emptyDevice(context);
  const installed = await installVersion(layout, 'one', {
    group: 'shared',
    'group-too': { link: 'group' },
    plain: 'content',
    link: { symlink: 'plain' },
  });
  const state = (path: string) => {
    const number = installed.entries.findIndex((entry) => entry.path === path);
    return openBase({ layout, ...installed }).check(number);
  };
  return { tree: installed.tree, state };
}

/** Puts an equal file with equal metadata in the place of another, as a copying tool would. */
function replaceByCopy(tree: string, path: string, content: string): void {
  writeFileSync(join(tree, '../copy'), content);
  renameSync(join(tree, '../copy'), join(tree, path));
  lutimesSync(join(tree, path), usual, usual);
}

test('what was not touched may be linked', async (context) => {
  const { state } = await base(context);
  assert.deepEqual(['', 'group', 'plain', 'link'].map(state), ['clean', 'clean', 'clean', 'clean']);
});

test('an equal copy may be linked after it has been read', async (context) => {
  const { tree, state } = await base(context);
  replaceByCopy(tree, 'plain', 'content');
  assert.equal(state('plain'), 'clean');
});

test('other content under equal metadata is damage', async (context) => {
  const { tree, state } = await base(context);
  replaceByCopy(tree, 'plain', 'CONTENT');
  assert.equal(state('plain'), 'damaged');
});

test('other metadata over right content may be copied from', async (context) => {
  const { tree, state } = await base(context);
  chmodSync(join(tree, 'plain'), 0o600);
  assert.equal(state('plain'), 'content-right');
});

test('other attributes over right content may be copied from', async (context) => {
  const { tree, state } = await base(context);
  replaceByCopy(tree, 'plain', 'content');
  setXattr(join(tree, 'plain'), byteStringFromText('user.more'), byteStringFromText('x'));
  assert.equal(state('plain'), 'content-right');
});

test('a group that lost one of its names may be copied from, not linked', async (context) => {
  const { tree, state } = await base(context);
  replaceByCopy(tree, 'group-too', 'shared');
  assert.equal(state('group'), 'content-right');
});

test('a missing file is damage', async (context) => {
  const { tree, state } = await base(context);
  rmSync(join(tree, 'plain'));
  assert.equal(state('plain'), 'damaged');
});
