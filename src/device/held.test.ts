import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { buildName } from '../base/identifiers.ts';
import { emptyDevice, installVersion } from './device.fixture.ts';
import { exchangeHeld, isMountedLower, releaseHeld } from './held.ts';

const name = buildName('one');

test('a version is below an overlay when the initramfs says so, and only that version', async (context) => {
  const layout = emptyDevice(context);
  await installVersion(layout, 'one', { file: 'content' });
  assert.equal(isMountedLower(layout, name), false);
  mkdirSync(dirname(layout.bootFacts), { recursive: true });
  writeFileSync(layout.bootFacts, 'build=one\nmode=overlay\ncounted=no\n');
  assert.equal(isMountedLower(layout, name), true);
  assert.equal(isMountedLower(layout, buildName('two')), false);
  writeFileSync(layout.bootFacts, 'build=one\nmode=reflink\ncounted=no\n');
  assert.equal(isMountedLower(layout, name), false);
});

test('trees change places in one step, and the old one is held until another boot', async (context) => {
  const layout = emptyDevice(context);
  const { tree } = await installVersion(layout, 'one', { file: 'old' });
  const before = lstatSync(tree).ino;
  const fresh = join(layout.stage, 'fresh');
  mkdirSync(fresh);
  writeFileSync(join(fresh, 'file'), 'new');
  const held = exchangeHeld(layout, name, fresh);
  assert.equal(readFileSync(join(tree, 'file'), 'utf8'), 'new');
  assert.equal(lstatSync(held).ino, before);
  assert.ok(held.startsWith(`${layout.held}/`));

  const other = join(layout.held, '00000000-0000-0000-0000-000000000000', 'one.0');
  mkdirSync(other, { recursive: true });
  releaseHeld(layout);
  assert.equal(existsSync(held), true);
  assert.equal(existsSync(dirname(other)), false);
  assert.equal(readdirSync(layout.trash).length, 1);
});
