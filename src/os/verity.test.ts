import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { errnoOf } from './system-error.ts';
import { isSealed, sealDigest, sealOpenFile, whyNotSealable } from './verity.ts';

/** The file systems here may lack fs-verity; where they have it, the same calls have to succeed. */
const folders = [mkdtempSync(join(tmpdir(), 'satchel-verity-'))];
folders.push(mkdtempSync('/dev/shm/satchel-verity-'));
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

for (const folder of folders) {
  test(`what a file system says about sealing is told, and nothing is left of the trial (${folder})`, () => {
    const why = whyNotSealable(folder);
    assert.match(why ?? 'ENOTTY', /^E(NOTSUP|OPNOTSUPP|NOTTY|INVAL)$/);
    assert.deepEqual(readdirSync(folder), []);
  });

  test(`a file that is not sealed has no digest, and sealing it ends as the trial did (${folder})`, () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'content');
    assert.equal(isSealed(path), false);
    const fd = openSync(path, 'r');
    try {
      assert.equal(sealDigest(fd, path), undefined);
      const why = whyNotSealable(folder);
      if (why === undefined) assert.equal(sealOpenFile(fd, path), 'sealed');
      else
        assert.throws(
          () => sealOpenFile(fd, path),
          (error) => errnoOf(error) === why,
        );
      assert.equal(isSealed(path), why === undefined);
    } finally {
      closeSync(fd);
      rmSync(path);
    }
  });
}

test('what is not there, a folder, a symlink and a path below a file are not sealed', () => {
  const folder = folders[0]!;
  symlinkSync('nowhere', join(folder, 'symlink'));
  for (const path of ['absent', '', 'symlink', 'symlink/below'])
    assert.equal(isSealed(join(folder, path)), false);
});

test('trying in a folder that does not exist says so', () => {
  assert.throws(() => whyNotSealable('/nonexistent'), { code: 'system-call-failed' });
});
