import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { createStoredFiles } from './pull-stored.ts';

const scratch = scratchFolder('pull-stored');
after(() => scratch.remove());

/** Lets this process have so many descriptors; undefined: as many as before. */
function limitDescriptors(most: number | undefined): boolean {
  const words = ['--pid', String(process.pid), `--nofile=${most ?? before}:`];
  return spawnSync('prlimit', words).status === 0;
}
const shown = spawnSync('prlimit', ['--pid', String(process.pid), '--nofile', '-o', 'SOFT', '--noheadings']);
const before = String(shown.stdout ?? '').trim();
const skip = before === '' && 'prlimit (Debian: util-linux) is not installed';

test('where no descriptor is left for comparing a file, none is lost for good', { skip }, async () => {
  const stored = createStoredFiles({ repository: scratch.path, proved() {}, setAside() {} });
  const bytes = Buffer.alloc(1000, 7);
  writeFileSync(scratch.file('file'), bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex') as Sha256;
  const taken: number[] = [];
  const takeAll = () => {
    try {
      for (;;) taken.push(openSync('/dev/null', 'r'));
    } catch {
      // There are no more.
    }
  };
  assert.ok(limitDescriptors(200));
  try {
    takeAll();
    closeSync(taken.pop()!);
    await assert.rejects(stored.open('file', sha256));
    const count = taken.length;
    takeAll();
    assert.equal(taken.length, count + 1);
  } finally {
    for (const fd of taken) closeSync(fd);
    limitDescriptors(undefined);
  }
  const file = await stored.open('file', sha256);
  assert.equal(file?.size, 1000);
  file?.close();
  assert.deepEqual(stored.opened(), []);
  await stored.close();
});
