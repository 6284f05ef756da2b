/** Heads of deltas that are validly signed and wrong all the same, and bombs: never more memory than stated. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { brotliCompressSync, zstdCompressSync } from 'node:zlib';
import type { Sha256 } from '../../src/base/identifiers.ts';
import { createByteWriter } from '../../src/delta/byte-writer.ts';
import { codecs, streamNames, writeStreamHeader } from '../../src/delta/streams.ts';
import type { Forgery } from '../doubles/forged-delta.ts';
import { satchel } from './bad-input.testkit.ts';
import {
  type HostilePlace,
  type HostileStory,
  holding,
  noUse,
  patching,
  prepareHostileStory,
  saying,
} from './delta-hostile.testkit.ts';

const mebibyte = 1024 * 1024;
const other = (text: string) => hash('sha256', text) as Sha256;
let hostile: HostileStory;

before(async () => {
  hostile = await prepareHostileStory('delta-hostile');
});

after(() => hostile.remove());

suite('a head that is signed and wrong leads to objects', { concurrency: 2 }, () => {
  const cases: Readonly<Record<string, Forgery>> = {
    'from another build': { delta: (delta) => ({ ...delta, head: { ...delta.head, from: other('a') } }) },
    'to another build': { delta: (delta) => ({ ...delta, head: { ...delta.head, to: other('b') } }) },
    'no beginning': { headBytes: (bytes) => Buffer.concat([Buffer.from('RUBBISH!'), bytes.subarray(8)]) },
    'a newer format': { headBytes: (bytes) => withNumber(bytes, 8, 2) },
    'a directory of gigabytes': { headBytes: (bytes) => withNumber(bytes, 12, 0xffff_fff0) },
    'an index patch of gigabytes': { headBytes: (bytes) => withNumber(bytes, 16, 0xffff_fff0) },
    'a byte more than it says': { headBytes: (bytes) => Buffer.concat([bytes, Buffer.of(0)]) },
    empty: { headBytes: () => Buffer.alloc(0) },
    'a segment that is not there': {
      delta: ({ head, segments }) => ({ head, segments }),
      reference: (reference) => ({ ...reference, length: reference.length + 1000 }),
    },
    'more memory than the record': { reference: (reference) => ({ ...reference, memory: 1000 }) },
    'more memory than any segment may take': {
      ...saying(() => ({ memory: 2 ** 40 })),
      reference: (reference) => ({ ...reference, memory: 1000 }),
    },
    'more output than a segment may make': saying(() => ({ output: 17 * mebibyte })),
    'a segment that makes nothing': saying(() => ({ objects: 0 })),
    'an empty index patch': patching(() => Buffer.alloc(0)),
    'an index patch that ends early': patching((patch) => patch.subarray(0, patch.length >> 1)),
    'an index patch of another kind': patching((patch) => Buffer.concat([Buffer.of(7), patch.subarray(1)])),
    'an index patch of noise': patching(() => readFileSync(process.execPath).subarray(5000, 9000)),
  };
  for (const [name, forgery] of Object.entries(cases)) test(name, () => hostile.survive(forgery, 'objects'));
});

suite('a bomb takes no memory', { concurrency: 1 }, () => {
  const zeros = Buffer.alloc(200 * mebibyte);
  const bombs: Readonly<Record<string, () => Forgery>> = {
    'a plain stream of zstd': () => bombOf('plain', codecs.zstd, zstdCompressSync(zeros)),
    'a control stream of zstd': () => bombOf('control', codecs.zstd, zstdCompressSync(zeros)),
    'a control stream of brotli': () => bombOf('control', codecs.brotli, brotliCompressSync(zeros)),
    'a stream that says to be small': () => bombOf('plain', codecs.brotli, brotliCompressSync(zeros), 1000),
    'an index patch': () => patching(() => Buffer.concat([Buffer.of(0), zstdCompressSync(zeros)])),
  };
  let usual = 0;
  const memoryOf = async (place: HostilePlace) => {
    const { memory, code, stderr } = await satchel([
      'update',
      '--root',
      place.root,
      '--source',
      place.source,
    ]);
    assert.equal(code, 0, stderr);
    hostile.assertRight(place);
    place.remove();
    return { memory, stderr };
  };

  before(async () => {
    usual = (await memoryOf(await hostile.place({}))).memory;
  });

  for (const [name, bomb] of Object.entries(bombs))
    test(name, async () => {
      const { memory, stderr } = await memoryOf(await hostile.place(bomb()));
      assert.match(stderr, noUse);
      assert.ok(memory < usual + 48 * mebibyte, `${memory} bytes against ${usual}`);
    });
});

/** A segment in which one stream unpacks to far more than the segment says that it needs. */
function bombOf(name: string, codec: 1 | 2, stored: Buffer, rawLength = 200 * mebibyte): Forgery {
  const writer = createByteWriter();
  for (const stream of streamNames)
    writeStreamHeader(
      writer,
      stream === name ? { codec, rawLength, stored } : { codec: 0, rawLength: 0, stored: Buffer.alloc(0) },
    );
  return holding(() => Buffer.concat([writer.finish(), stored]));
}

function withNumber(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt32LE(value, at);
  return changed;
}
