import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ByteString } from '../base/byte-string.ts';
import type { IndexEntry } from './entry.ts';
import { createSizeGuard } from './tree-size.ts';

const link: IndexEntry = { type: 'hardlink', path: 'b' as ByteString, link: 'a' as ByteString };
const withXattr = (length: number): IndexEntry => ({
  type: 'fifo',
  path: 'a' as ByteString,
  mode: 0,
  uid: 0,
  gid: 0,
  mtime: [0, 0],
  xattrs: [{ name: 'user.a' as ByteString, value: 'x'.repeat(length) as ByteString }],
});

test('more entries than an index may hold are refused while they are read', () => {
  const watch = createSizeGuard(1000);
  for (let count = 0; count < 6; count += 1) watch(link);
  assert.throws(() => watch(link), { code: 'tree-too-large', parameters: { limit: 1000 } });
});

test('attributes count with their length', () => {
  createSizeGuard(1000)(withXattr(800));
  assert.throws(() => createSizeGuard(1000)(withXattr(900)), { code: 'tree-too-large' });
});
