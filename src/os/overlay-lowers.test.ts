import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overlayLowers } from './overlay-lowers.ts';

test('the lower layers of every overlay are told, and of nothing else', () => {
  const mountinfo = [
    '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,lowerdir=no',
    String.raw`67 63 0:40 / /m rw,relatime - overlay overlay rw,lowerdir=/o/l:/o/l2\134:x\134\054\040y,upperdir=u`,
    '68 63 0:41 / /n rw shared:4 - overlay overlay ro,lowerdir=pristine/one,upperdir=u,workdir=w',
    '69 63 0:42 / /n rw - overlay overlay rw,lowerdir+=/a,lowerdir+=/b,datadir+=/c',
    '',
    'nonsense',
  ].join('\n');
  const expected = ['/o/l', '/o/l2:x, y', 'pristine/one', '/a', '/b'];
  assert.deepEqual(
    overlayLowers(() => mountinfo),
    expected,
  );
});

test('what this machine has mounted can be read', () => {
  assert.ok(Array.isArray(overlayLowers()));
});
