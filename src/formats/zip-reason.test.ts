/** What is said of a zip that is refused. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { zipOf } from './zip.testkit.ts';
import { openZip } from './zip.ts';

test('a length that only plain content may have is not called different from itself', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-zip-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'odd.xo');
  const { length: size } = deflateRawSync('content');
  writeFileSync(path, zipOf([{ name: 'Odd/a', content: 'content', size, method: 0, encrypted: true }]));
  await assert.rejects(openZip(path), {
    code: 'zip-damaged',
    message: 'odd.xo is no whole zip file: a file in it is marked as encrypted, and is too short for that.',
  });
});
