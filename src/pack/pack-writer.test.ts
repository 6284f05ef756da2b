import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { openDirectoryStore } from '../store/directory.ts';
import { memoryStore } from '../store/memory.ts';
import { readAll } from '../store/read-all.ts';
import type { Store } from '../store/store.ts';
import { readObjects } from './frame.ts';
import { forEachLocation, mapContentFor, namedObjectsIn, type ObjectLocation } from './locations.ts';
import { parseMap, serialiseMap } from './map-format.ts';
import { createPackWriter, type PackedObjects, type PackWriterOptions } from './pack-writer.ts';

const nameOf = (bytes: Uint8Array) => hash('sha256', bytes) as Sha256;
const kib = 1024;

describe('a pack writer', () => {
  let spoolDirectory = '';
  let store: Store;
  beforeEach(() => {
    spoolDirectory = mkdtempSync(join(tmpdir(), 'satchel-pack-'));
    store = memoryStore();
  });
  afterEach(() => rmSync(spoolDirectory, { recursive: true }));

  const create = (options: Partial<PackWriterOptions> = {}) =>
    createPackWriter({ store, spoolDirectory, known: () => false, ...options });
  const pack = async (objects: readonly Uint8Array[], options: Partial<PackWriterOptions> = {}) => {
    const writer = create(options);
    for (const bytes of objects) await writer.add(nameOf(bytes), Buffer.from(bytes));
    const packed = await writer.finish();
    await writer.discard();
    return packed;
  };
  /** Every object as it comes back out of the store, by name. */
  const unpack = async ({ frames }: PackedObjects) => {
    const contents = new Map<Sha256, Buffer>();
    for (const { pack: home, offset, length, rawLength, objects } of frames) {
      const stored = await readAll(store, `packs/${home.sha256}.pack`, { limit: 1e9 });
      assert.equal(stored.length, home.length);
      assert.equal(nameOf(stored), home.sha256);
      const bytes = stored.subarray(offset, offset + length);
      const read = readObjects({ bytes, rawLength, pack: home.sha256, offset }, objects);
      for (const [i, { sha256 }] of objects.entries()) contents.set(sha256, read[i] as Buffer);
    }
    return contents;
  };

  test('tiny objects by the thousand are spread over several frames, so that none is too much work', async () => {
    const objects = Array.from({ length: 5000 }, (_, i) => Buffer.from(`tiny ${i}`));
    const packed = await pack(objects);
    assert.deepEqual(
      packed.frames.map((frame) => frame.objects.length),
      [2048, 2048, 904],
    );
    assert.equal((await unpack(packed)).size, 5000);
  });

  test('what goes in comes out, small and large, compressible or not', async () => {
    const objects = [
      ...Array.from({ length: 300 }, (_, i) => Buffer.from(`file ${i}\n`.repeat(1 + (i % 900)))),
      randomBytes(256 * kib - 1),
      randomBytes(256 * kib),
      randomBytes(1024 * kib),
      Buffer.alloc(1024 * kib),
      Buffer.from('x'),
    ];
    const packed = await pack(objects);
    assert.equal(packed.objectCount, objects.length);
    assert.equal(
      packed.rawBytes,
      objects.reduce((sum, { length }) => sum + length, 0),
    );
    const contents = await unpack(packed);
    for (const bytes of objects) assert.deepEqual(contents.get(nameOf(bytes)), bytes);
    assert.deepEqual(readdirSync(spoolDirectory), []);
  });

  test('small objects share frames of at most 1 MiB, larger ones have their own', async () => {
    const small = Array.from({ length: 30 }, () => randomBytes(100 * kib));
    const large = Array.from({ length: 3 }, () => randomBytes(256 * kib));
    const { frames } = await pack([...small, ...large]);
    assert.deepEqual(frames.map(({ objects }) => objects.length).sort(), [1, 1, 1, 10, 10, 10]);
    for (const { rawLength } of frames) assert.ok(rawLength <= 1024 * kib);
  });

  test('objects that are known or come again are left out', async () => {
    const [a, b] = [Buffer.from('a'), Buffer.from('b')];
    const packed = await pack([a, b, a], { known: (sha256) => sha256 === nameOf(b) });
    assert.deepEqual(
      packed.frames.flatMap(({ objects }) => objects.map(({ sha256 }) => sha256)),
      [nameOf(a)],
    );
  });

  test('nothing new makes no pack', async () => {
    const packed = await pack([Buffer.from('a')], { known: () => true });
    assert.deepEqual(packed, { packs: [], frames: [], objectCount: 0, rawBytes: 0, storedBytes: 0 });
    for await (const { name } of store.list('')) assert.fail(name);
  });

  test('a pack stays below its limit and the next one begins', async () => {
    const objects = Array.from({ length: 10 }, () => randomBytes(300 * kib));
    const packed = await pack(objects, { packLimit: 1000 * kib });
    assert.equal(packed.packs.length, 4);
    for (const { length } of packed.packs) assert.ok(length <= 1000 * kib);
    assert.equal((await unpack(packed)).size, 10);
  });

  test('the same objects in the same order give the same packs', async () => {
    const objects = Array.from({ length: 200 }, (_, i) =>
      Buffer.alloc(((i * 7919) % (700 * kib)) + 1, `${i} `),
    );
    const first = await pack(objects);
    store = memoryStore();
    assert.deepEqual(await pack(objects), first);
  });

  test('while there is room nothing need be waited for, and beyond it there is a promise', async () => {
    const writer = create();
    assert.equal(writer.add(nameOf(Buffer.from('a')), Buffer.from('a')), undefined);
    let promise: Promise<void> | undefined;
    let count = 0;
    while (promise === undefined && count < 100) {
      const bytes = randomBytes(1024 * kib);
      promise = writer.add(nameOf(bytes), bytes);
      count += 1;
    }
    assert.ok(count > 4 && count < 16, `${count} MiB`);
    await promise;
    await writer.finish();
  });

  test('memory stays bounded however much goes through', async () => {
    const writer = create({ level: 1 });
    let most = 0;
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 200; i += 1) {
      const bytes = randomBytes(1024 * kib);
      await writer.add(nameOf(bytes), bytes);
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    await writer.discard();
    assert.ok(most < 150 * 1024 * kib, `${most} bytes`);
  });

  test('nothing reaches the store before the end, and giving up leaves no trace', async () => {
    const root = join(spoolDirectory, 'repository');
    const spool = join(spoolDirectory, 'spool');
    mkdirSync(spool);
    const writer = create({ store: openDirectoryStore(root), spoolDirectory: spool, packLimit: 600 * kib });
    for (let i = 0; i < 20; i += 1) {
      const bytes = randomBytes(300 * kib);
      await writer.add(nameOf(bytes), bytes);
    }
    await writer.discard();
    await writer.discard();
    assert.equal(existsSync(root), false);
    assert.deepEqual(readdirSync(spool), []);
  });

  test('a spool that cannot be written to is told, and told again at the end', async () => {
    const notAFolder = join(spoolDirectory, 'file');
    writeFileSync(notAFolder, '');
    const writer = create({ spoolDirectory: notAFolder });
    const isTold = (error: unknown) => isSatchelError(error, 'system-call-failed');
    await assert.rejects(async () => {
      for (let i = 0; i < 100; i += 1) {
        const bytes = randomBytes(1024 * kib);
        await writer.add(nameOf(bytes), bytes);
      }
    }, isTold);
    await assert.rejects(writer.finish(), isTold);
    await writer.discard();
  });

  test('it stops on request', () => {
    const controller = new AbortController();
    const writer = create({ signal: controller.signal });
    controller.abort();
    assert.throws(
      () => writer.add(nameOf(Buffer.from('a')), Buffer.from('a')),
      (error) => isSatchelError(error, 'cancelled'),
    );
  });

  test('a map leads to every object', async () => {
    const objects = Array.from({ length: 100 }, (_, i) => randomBytes(1000 * i + 1));
    const packed = await pack(objects, { packLimit: 1200 * kib });
    const locations = new Map<Sha256, ObjectLocation>();
    for (const frame of packed.frames)
      for (const { sha256, rawOffset } of frame.objects) locations.set(sha256, { frame, rawOffset });
    const named = objects.map((bytes) => ({ sha256: nameOf(bytes), size: bytes.length })).reverse();
    const index = nameOf(Buffer.from('index'));
    const bytes = serialiseMap(mapContentFor(index, named, (sha256) => locations.get(sha256)));
    const map = parseMap(
      bytes,
      named.map(({ size }) => size),
    );
    assert.ok(map.packs.length > 1);
    let count = 0;
    forEachLocation(map, named, ({ sha256 }, location) => {
      const { frame, rawOffset } = locations.get(sha256) as ObjectLocation;
      assert.equal(location.rawOffset, rawOffset);
      assert.deepEqual([location.frame.pack, location.frame.offset], [frame.pack, frame.offset]);
      count += 1;
    });
    assert.equal(count, 100);
    for (let number = 0; number < map.frames.length; number += 1) {
      const { pack: home, offset, length, rawLength } = map.frame(number);
      const { sha256 } = map.pack(home);
      const stored = await readAll(store, `packs/${sha256}.pack`, { limit: 1e9 });
      const frame = { bytes: stored.subarray(offset, offset + length), rawLength, pack: sha256, offset };
      readObjects(frame, namedObjectsIn(map, number, named));
    }
  });
});
