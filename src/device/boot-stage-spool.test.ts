import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import type { Sha256 } from '../base/identifiers.ts';
import { canPunchHoles } from '../os/punch-hole.ts';
import { bytesOfPieces, dropPieces } from './boot-stage-spool.ts';
import { temporaryFolder } from './device.fixture.ts';
import { openSpool, readPieces } from './spool.ts';

test('received bytes that have been read give their disk back, and still count as received', async (context) => {
  const folder = temporaryFolder(context);
  if (!canPunchHoles(folder)) return context.skip('the file system knows of no holes');
  const file = 'f'.repeat(64) as Sha256;
  const content = randomBytes(300_000);
  const spool = openSpool(folder);
  const writer = spool.append(file, 0);
  await writer.write(content);
  await writer.close();
  const read = { start: 5000, end: 200_000 };
  const pieces = spool.locate(file, read);
  const bytesOnDisk = () => statSync(pieces[0]!.path).blocks * 512;
  const before = bytesOnDisk();

  dropPieces(pieces);

  assert.equal(before - bytesOnDisk(), bytesOfPieces(pieces));
  const whole = { start: 0, end: content.length };
  assert.deepEqual(openSpool(folder).missing(file, whole), []);
  assert.deepEqual(readPieces(spool.locate(file, whole)), content.fill(0, read.start, read.end));
});
