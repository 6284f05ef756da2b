import assert from 'node:assert/strict';
import { chmodSync, existsSync, lutimesSync, mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { removeTree } from './remove-tree.ts';
import { renameTree } from './rename-tree.ts';
import { errnoOf } from './system-error.ts';

function folders(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-rename-'));
  context.after(() => removeTree(folder));
  mkdirSync(join(folder, 'from'));
  mkdirSync(join(folder, 'to'));
  return { folder, from: join(folder, 'from/tree'), to: join(folder, 'to/tree') };
}

test('a tree that nobody may write moves with its mode and time, whoever moves it', (context) => {
  const { from, to } = folders(context);
  mkdirSync(from);
  writeFileSync(join(from, 'file'), '');
  chmodSync(from, 0o555);
  lutimesSync(from, 1_193_961_600, 1_193_961_600);
  renameTree(from, to);
  assert.ok(existsSync(join(to, 'file')) && !existsSync(from));
  assert.equal(statSync(to).mode & 0o7777, 0o555);
  assert.equal(statSync(to).mtimeMs, 1_193_961_600_000);
});

test('a tree does not move over another that is not empty', (context) => {
  const { from, to } = folders(context);
  mkdirSync(from);
  chmodSync(from, 0o555);
  mkdirSync(join(to, 'below'), { recursive: true });
  assert.throws(
    () => renameTree(from, to),
    (error) => isSatchelError(error, 'system-call-failed') && errnoOf(error) === 'ENOTEMPTY',
  );
  assert.equal(statSync(from).mode & 0o7777, 0o555);
});

test('a missing tree is told', (context) => {
  const { from, to } = folders(context);
  assert.throws(
    () => renameTree(from, to),
    (error) => isSatchelError(error, 'system-call-failed') && errnoOf(error) === 'ENOENT',
  );
});
