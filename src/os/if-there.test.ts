import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { readFileIfThere } from './if-there.ts';

const folder = mkdtempSync(join(tmpdir(), 'satchel-if-there-'));
after(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

test('a file is read, through a link too; what is not there is undefined', () => {
  writeFileSync(at('file'), 'content');
  symlinkSync('file', at('link'));
  for (const name of ['file', 'link']) assert.equal(readFileIfThere(at(name))?.toString(), 'content');
  for (const name of ['none', 'file/none']) assert.equal(readFileIfThere(at(name)), undefined);
});

test('files of the kernel, which have no length, are read', () => {
  assert.match(readFileIfThere('/proc/self/stat')?.toString() ?? '', /^\d+ /);
});

test('a pipe is refused and not waited for, behind a link too', { timeout: 10_000 }, () => {
  execFileSync('mkfifo', [at('pipe')]);
  symlinkSync('pipe', at('link-to-pipe'));
  for (const path of [at('pipe'), at('link-to-pipe'), '/dev/zero'])
    assert.throws(
      () => readFileIfThere(path),
      (error) => isSatchelError(error, 'file-not-regular'),
    );
});

test('a folder in the place of a file is what the system says it is', () => {
  mkdirSync(at('folder'));
  assert.throws(
    () => readFileIfThere(at('folder')),
    (error) => isSatchelError(error, 'system-call-failed'),
  );
});
