import assert from 'node:assert/strict';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { temporaryFolder } from './device.fixture.ts';
import { deviceLayout, initialiseDevice } from './layout.ts';

test('everything of ours lies where the old purge never looks', () => {
  const layout = deviceLayout('/');
  assert.equal(layout.own, '/versions/updates/satchel');
  for (const path of [layout.trust, layout.spool, layout.stage, layout.indexes, layout.trash, layout.journal])
    assert.ok(path.startsWith('/versions/updates/satchel/'), path);
});

test('a device is made with the folders that the laptops have', (context) => {
  const layout = initialiseDevice(join(temporaryFolder(context), 'new/root'));
  assert.deepEqual(readdirSync(layout.root).sort(), ['home', 'security', 'versions']);
  assert.deepEqual(readdirSync(layout.versions).sort(), [
    'configs',
    'contents',
    'pristine',
    'run',
    'sticky',
    'updates',
  ]);
});

test('making a device again changes nothing', (context) => {
  const layout = initialiseDevice(temporaryFolder(context));
  writeFileSync(join(layout.pristine, 'kept'), '');
  const before = statSync(layout.pristine).mtimeMs;
  initialiseDevice(layout.root);
  assert.equal(statSync(layout.pristine).mtimeMs, before);
  assert.deepEqual(readdirSync(layout.pristine), ['kept']);
});

test('a device below a file is refused with a sentence', (context) => {
  const file = join(temporaryFolder(context), 'file');
  writeFileSync(file, '');
  assert.throws(
    () => initialiseDevice(join(file, 'root')),
    (error) => isSatchelError(error, 'system-call-failed'),
  );
});
