import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { allocatedSize, freeSpace } from './disk.ts';
import { systemError } from './system-error.ts';

test('free space has bytes, inodes and a block size', () => {
  const free = freeSpace(tmpdir());
  assert.ok(free.bytes > 0 && free.inodes > 0 && free.blockSize >= 512);
});

test('a place that does not exist is told', () => {
  assert.throws(
    () => freeSpace('/nonexistent/place'),
    (error) => isSatchelError(error, 'system-call-failed'),
  );
});

test('a file takes whole blocks', () => {
  assert.deepEqual(
    [0, 1, 4096, 4097].map((size) => allocatedSize(size, 4096)),
    [0, 4096, 4096, 8192],
  );
});

test('a full disk and an exhausted quota are the same sentence', () => {
  for (const code of ['ENOSPC', 'EDQUOT']) {
    const error = systemError(Object.assign(new Error(code), { code }), 'write', '/versions');
    assert.ok(isSatchelError(error, 'disk-full'));
  }
});
