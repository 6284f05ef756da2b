import assert from 'node:assert/strict';
import { createHash, hash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { isSatchelError } from '../base/errors.ts';
import { type Progress, silentReporter } from '../base/progress.ts';
import { applySegment } from './apply-segment.ts';
import { parseHead, segmentOffsets } from './delta-format.ts';
import { type HeldSide, heldSide, missingOrdinals } from './delta-side.testkit.ts';
import { testProgram } from './elf.testkit.ts';
import { makeContent, runGzip } from './gzip.testkit.ts';
import { applyIndexPatch } from './index-patch.ts';
import { type MadeDelta, makeDelta } from './make-delta.ts';
import { objectList } from './object-list.ts';
import { ordinalsOf } from './ordinal-runs.ts';

const spoolDirectory = mkdtempSync(join(tmpdir(), 'make-delta-'));
after(() => rmSync(spoolDirectory, { recursive: true }));

/** Bytes that no compressor makes smaller, always the same for a seed. */
function noise(seed: string, length: number): Buffer {
  const parts: Buffer[] = [];
  for (let number = 0; number * 32 < length; number += 1)
    parts.push(createHash('sha256').update(`${seed} ${number}`).digest());
  return Buffer.concat(parts).subarray(0, length);
}

function changed(bytes: Buffer, ...places: number[]): Buffer {
  const copy = Buffer.from(bytes);
  for (const place of places) copy[place]! ^= 0x55;
  return copy;
}

/** The objects that a device makes of a delta. */
function applied(made: MadeDelta, from: HeldSide, to: HeldSide): Map<number, Buffer> {
  const file = readFileSync(made.path);
  assert.equal(file.length, made.length);
  assert.equal(hash('sha256', file), made.stored);
  const headBytes = file.subarray(0, made.head.length);
  assert.equal(hash('sha256', headBytes), made.head.sha256);
  const head = parseHead(headBytes);
  const unpacked = (head.archives ?? []).map(({ objects, length }) => {
    const content = gunzipSync(
      Buffer.concat([...ordinalsOf(objects)].map((ordinal) => from.contentOf(ordinal))),
    );
    assert.equal(content.length, length);
    return content;
  });
  const index = applyIndexPatch(from.index, head.indexPatch, { sha256: head.to, size: to.index.length });
  assert.ok(index.equals(to.index));
  const objects = new Map<number, Buffer>();
  const offsets = segmentOffsets(headBytes.length, head.segments);
  head.segments.forEach((segment, number) => {
    const stored = file.subarray(offsets[number], offsets[number]! + segment.length);
    const { failed } = applySegment({
      stored,
      segment,
      baseSizes: objectList(from.objects).sizes,
      targets: objectList(to.objects),
      archiveSizes: unpacked.map(({ length }) => length),
      archive(number, position, into) {
        into.set(unpacked[number]!.subarray(position, position + into.length));
        return true;
      },
      base: from.contentOf,
      produce: (ordinal, content) => objects.set(ordinal, Buffer.from(content)),
    });
    assert.deepEqual(failed, []);
  });
  return objects;
}

async function assertMakes(from: HeldSide, to: HeldSide): Promise<MadeDelta> {
  const made = await makeDelta({ from, to, spoolDirectory, reporter: silentReporter });
  const objects = applied(made, from, to);
  assert.deepEqual(
    [...objects.keys()].sort((a, b) => a - b),
    missingOrdinals(from, to),
  );
  for (const [ordinal, content] of objects) assert.ok(content.equals(to.contentOf(ordinal)));
  return made;
}

test('a device makes of a delta exactly the objects that it has not', async () => {
  const text = Buffer.from('A line of a changelog that goes on.\n'.repeat(300));
  const program = noise('program', 60_000);
  const large = noise('large', 3_000_000);
  const from = await heldSide({
    'bin/program': program,
    'doc/changelog.gz': gzipSync(text, { level: 9 }),
    'lib/large.so.1.2': large,
    'lib/modules/6.1-9/net.ko': noise('module', 9000),
    same: noise('same', 1000),
  });
  const to = await heldSide({
    'bin/program': changed(program, 5, 30_000),
    'doc/changelog.gz': gzipSync(Buffer.concat([Buffer.from('New.\n'), text]), { level: 9 }),
    'doc/new': noise('new', 700),
    empty: Buffer.alloc(0),
    'lib/large.so.1.3': changed(large, 1_000_000, 2_900_000),
    'lib/modules/6.1-40/net.ko': changed(noise('module', 9000), 77),
    'moved/same': noise('same', 1000),
  });
  const made = await assertMakes(from, to);
  // What is new, and little for everything else.
  assert.ok(made.length < 700 + 2500, `${made.length} bytes`);
  assert.ok(made.memory > 0);
  const missing = missingOrdinals(from, to).reduce((sum, ordinal) => sum + to.objects[ordinal]!.size, 0);
  assert.equal(made.output, missing);
  made.discard();
  assert.deepEqual(readdirSync(spoolDirectory), []);
});

test('of a program whose functions moved hardly more than the change is in the delta', async () => {
  const functions = Array.from({ length: 300 }, (_, number) => ({
    name: `f${number}`,
    bytes: 40 + ((number * 37) % 90),
    calls: [7, 11, 29].map((step) => `f${(number * step) % 300}`),
  }));
  const grown = functions.map((one, number) => (number === 50 ? { ...one, bytes: one.bytes + 64 } : one));
  const from = await heldSide({ 'bin/program': testProgram(functions) });
  const to = await heldSide({ 'bin/program': testProgram(grown) });
  const made = await assertMakes(from, to);
  assert.ok(made.length - made.head.length < 500, `${made.length - made.head.length} bytes`);
  made.discard();
});

/** What a boot image holds: programs and texts behind each other, in an order. */
function bootImage(modules: readonly Buffer[]): Buffer {
  return Buffer.concat(
    modules.flatMap((content, number) => [
      Buffer.from(`a folder/module ${number}\0`),
      content,
      Buffer.alloc(512),
    ]),
  );
}

test('a gzip file that unpacks to more than a segment is made in parts, of what moved inside the old one', async () => {
  const modules = Array.from({ length: 12 }, (_, number) =>
    Buffer.concat([makeContent('words', 1_300_000, number), noise(`module ${number}`, 150_000)]),
  );
  const [one, two, three, ...others] = modules as [Buffer, Buffer, Buffer];
  const renewed = [...others, changed(one, 9, 70_000, 900_000), three, noise('new module', 20_000), two];
  const from = await heldSide({ 'boot/initrd.img-6.1.0-9': runGzip(bootImage(modules), '-6') });
  const packed = runGzip(bootImage(renewed), '-6');
  const to = await heldSide({ 'boot/initrd.img-6.1.0-40': packed });
  const made = await assertMakes(from, to);
  // The new module, and how the others were put together.
  assert.ok(made.length < 20_000 + 40_000, `${made.length} bytes of ${packed.length}`);
  assert.equal(made.scratch, bootImage(modules).length);
  assert.ok(made.memory < 100e6, `${made.memory} bytes of memory`);
  const head = parseHead(readFileSync(made.path).subarray(0, made.head.length));
  assert.ok(head.segments.length > 1);
  made.discard();
  assert.deepEqual(readdirSync(spoolDirectory), []);
});

test('a large gzip file by a program that is not known, or made of none, is made as any other file', async () => {
  const content = Buffer.concat([Buffer.alloc(16_000_000), noise('rest', 1_200_000)]);
  const packed = runGzip(content, '-1');
  const from = await heldSide({ image: packed, other: Buffer.concat([packed, packed]) });
  const renewed = Buffer.concat([content, Buffer.from('more')]);
  const to = await heldSide({ image: gzipSync(renewed, { level: 1 }), other: runGzip(renewed, '-1') });
  const made = await assertMakes(from, to);
  assert.equal(made.scratch, 0);
  const head = parseHead(readFileSync(made.path).subarray(0, made.head.length));
  assert.equal(head.archives, undefined);
  made.discard();
});

test('a delta between equal contents has no segments', async () => {
  const side = await heldSide({ a: noise('a', 100) });
  const made = await assertMakes(side, side);
  assert.equal(made.output, 0);
  made.discard();
});

test('the same builds give the same bytes, whichever thread is faster', async () => {
  // By their names they would unpack to more than one segment holds.
  const files = (salt: string) =>
    Object.fromEntries(
      Array.from({ length: 8 }, (_, number) => [
        `${number}.gz`,
        Buffer.concat([noise(`f${number}`, 900_000), noise(salt, 10)]),
      ]),
    );
  const from = await heldSide(files('old'));
  const to = await heldSide(files('new'));
  const first = await makeDelta({ from, to, spoolDirectory, reporter: silentReporter });
  assert.ok(parseHead(readFileSync(first.path).subarray(0, first.head.length)).segments.length > 1);
  let readings = 0;
  const slow = {
    ...to,
    read: async (ordinals: readonly number[], signal?: AbortSignal) => {
      // Lets the other thread overtake the first one.
      if (readings++ === 0) for (let turn = 0; turn < 1000; turn += 1) await new Promise(setImmediate);
      return to.read(ordinals, signal);
    },
  };
  const second = await makeDelta({ from, to: slow, spoolDirectory, reporter: silentReporter });
  assert.equal(second.stored, first.stored);
  first.discard();
  second.discard();
});

test('progress ends at the bytes that the delta makes', async () => {
  const from = await heldSide({ a: noise('a', 5000) });
  const to = await heldSide({ a: changed(noise('a', 5000), 9) });
  const seen: Progress[] = [];
  const reporter = { ...silentReporter, progress: (progress: Progress) => void seen.push(progress) };
  const made = await makeDelta({ from, to, spoolDirectory, reporter });
  assert.deepEqual(seen.at(-1), { step: 'delta', done: 5000, total: 5000, unit: 'bytes' });
  made.discard();
});

test('a delta that is given up leaves nothing behind', async () => {
  const from = await heldSide({ a: noise('a', 500_000) });
  const to = await heldSide({ a: changed(noise('a', 500_000), 9) });
  const abort = new AbortController();
  const stopping = {
    ...to,
    read: async (ordinals: readonly number[]) => {
      abort.abort();
      return to.read(ordinals, abort.signal);
    },
  };
  await assert.rejects(
    makeDelta({ from, to: stopping, spoolDirectory, reporter: silentReporter, signal: abort.signal }),
    (error) => isSatchelError(error, 'cancelled'),
  );
  assert.deepEqual(readdirSync(spoolDirectory), []);
});

test('a delta whose contents cannot be read leaves nothing behind', async () => {
  const from = await heldSide({ a: noise('a', 500_000) });
  const to = await heldSide({ a: changed(noise('a', 500_000), 9) });
  const broken = { ...from, read: () => Promise.reject(new Error('unreadable')) };
  await assert.rejects(
    makeDelta({ from: broken, to, spoolDirectory, reporter: silentReporter }),
    /unreadable/,
  );
  assert.deepEqual(readdirSync(spoolDirectory), []);
});
