import assert from 'node:assert/strict';
import { fstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { openScratchFile, readScratch, writeScratch } from './scratch-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'scratch-file-'));
after(() => rmSync(folder, { recursive: true }));

test('a scratch file gives back what was written, and never has a name', () => {
  using file = openScratchFile(folder);
  assert.deepEqual(readdirSync(folder), []);
  writeScratch(file.fd, Buffer.from('behind'), 6);
  writeScratch(file.fd, Buffer.from('before'), 0);
  const into = Buffer.alloc(8);
  assert.equal(readScratch(file.fd, into, 2), true);
  assert.equal(into.toString(), 'forebehi');
  assert.equal(readScratch(file.fd, into, 5), false);
});

test('a scratch file is closed once', () => {
  const file = openScratchFile(folder);
  file[Symbol.dispose]();
  assert.throws(() => fstatSync(file.fd), { code: 'EBADF' });
  assert.doesNotThrow(() => file[Symbol.dispose]());
});

test('a folder that is not there is told by a sentence', () => {
  assert.throws(
    () => openScratchFile(join(folder, 'absent')),
    (error) => isSatchelError(error),
  );
});
