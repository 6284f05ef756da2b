import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { compressZstd } from '../formats/zstd.ts';
import { decompressFrame, maximumFrameLength, maximumStoredLength, readObjects } from './frame.ts';

const pack = 'ab'.repeat(32) as Sha256;
const sha256 = (bytes: Uint8Array) => hash('sha256', bytes) as Sha256;

test('the objects of a frame are read, in any order and number', async () => {
  const [a, b] = [Buffer.from('first'), randomBytes(1000)];
  const raw = Buffer.concat([a, Buffer.from('unwanted'), b]);
  const frame = { bytes: await compressZstd(raw), rawLength: raw.length, pack, offset: 0 };
  const objects = [
    { sha256: sha256(b), rawOffset: 13, size: 1000 },
    { sha256: sha256(a), rawOffset: 0, size: 5 },
  ];
  assert.deepEqual(readObjects(frame, objects), [b, a]);
});

test('a damaged frame is named with its place', async () => {
  const bytes = await compressZstd(Buffer.from('content'));
  const place = { pack, offset: 77 };
  const isNamed = (error: unknown) =>
    isSatchelError(error, 'frame-damaged') && error.parameters.offset === 77;
  assert.throws(() => readObjects({ bytes: bytes.subarray(1), rawLength: 7, ...place }, []), isNamed);
  assert.throws(() => readObjects({ bytes, rawLength: 8, ...place }, []), isNamed);
});

test('an object with other content than its name promises is refused, and one outside the frame', async () => {
  const content = Buffer.from('content');
  const frame = { bytes: await compressZstd(content), rawLength: 7, pack, offset: 0 };
  const isNamed = (error: unknown) =>
    isSatchelError(error, 'object-damaged') && error.parameters.pack === pack;
  const name = sha256(content);
  assert.throws(() => readObjects(frame, [{ sha256: name, rawOffset: 1, size: 6 }]), isNamed);
  assert.throws(() => readObjects(frame, [{ sha256: name, rawOffset: 0, size: 8 }]), isNamed);
  assert.throws(() => readObjects(frame, [{ sha256: name, rawOffset: 7, size: 7 }]), isNamed);
});

test('the longest frame is accepted, a longer one is refused unread', async () => {
  const raw = Buffer.alloc(maximumFrameLength);
  assert.equal(decompressFrame(await compressZstd(raw), raw.length).length, raw.length);
  assert.throws(
    () => decompressFrame(Buffer.alloc(0), maximumFrameLength + 1),
    (error) => isSatchelError(error, 'zstd-too-large'),
  );
});

test('incompressible bytes stay within the stored length that maps allow', async () => {
  for (const length of [1, 100, 65_536, 1_048_576, maximumFrameLength])
    assert.ok((await compressZstd(randomBytes(length))).length <= maximumStoredLength(length));
});
