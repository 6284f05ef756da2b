import assert from 'node:assert/strict';
import { closeSync, fsyncSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { bytesOfHole, canPunchHoles, punchHole } from './punch-hole.ts';

const scratch = scratchFolder('punch-hole');
after(() => scratch.remove());

test('a hole gives back its blocks, reads as zeros, and leaves what is around it', (context) => {
  if (!canPunchHoles(scratch.path)) return context.skip('the file system knows of no holes');
  const path = scratch.file('file');
  const content = Buffer.alloc(1_000_000, 7);
  writeFileSync(path, content, { flush: true });
  const before = statSync(path).blocks * 512;
  const hole = { start: 5000, length: 900_000 };
  const fd = openSync(path, 'r+');
  assert.equal(punchHole(fd, hole, path), true);
  fsyncSync(fd);
  closeSync(fd);
  assert.deepEqual(readFileSync(path), content.fill(0, 5000, 905_000));
  assert.equal(before - statSync(path).blocks * 512, bytesOfHole(hole));
});

test('less than a block gives nothing back', () => {
  assert.equal(bytesOfHole({ start: 1, length: 4096 }), 0);
  assert.equal(bytesOfHole({ start: 4096, length: 4096 }), 4096);
});

test('a file that cannot be written to is told by a sentence', () => {
  const path = scratch.file('read-only');
  writeFileSync(path, 'x');
  const fd = openSync(path, 'r');
  assert.throws(() => punchHole(fd, { start: 0, length: 1 }, path), { name: 'SatchelError' });
  closeSync(fd);
});
