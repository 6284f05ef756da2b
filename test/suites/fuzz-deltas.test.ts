/** Deltas whose inside is wrong behind hashes, frames and figures that are right: right bytes, or a sentence. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { suite, test } from 'node:test';
import type { Sha256 } from '../../src/base/identifiers.ts';
import { parseIndex, serialiseIndex } from '../../src/build/index-format.ts';
import { applySegment } from '../../src/delta/apply-segment.ts';
import {
  memoryToApply,
  parseHead,
  type SegmentEntry,
  scratchToApply,
  segmentLimits,
  segmentMemoryLimit,
  segmentOffsets,
  serialiseHead,
} from '../../src/delta/delta-format.ts';
import { applyIndexPatch, makeIndexPatch } from '../../src/delta/index-patch.ts';
import { readLinePatch } from '../../src/delta/line-patch-reader.ts';
import { readsArchives, type Sample, segmentOf } from '../../src/delta/segment.testkit.ts';
import type { EncodedSegment } from '../../src/delta/segment-format.ts';
import { streamNames } from '../../src/delta/streams.ts';
import { fuzz, fuzzSubject, mutate, type Random } from './fuzz.testkit.ts';
import { mutateBytes, mutateNumber, writeVarints } from './fuzz-bytes.testkit.ts';
import { mutateLinePatch, takeLinePatchApart } from './fuzz-index-patch.testkit.ts';
import { sampleIndexes, samples } from './fuzz-samples.testkit.ts';
import { mutateSegment, quickZstd, seal, takeApart } from './fuzz-segments.testkit.ts';

/** What inflating and such take whatever they work on, in bytes; `memory` does not count it. */
const ownMemory = 256 * 1024;

const damagedOnly = /^delta-damaged$/;

/** A segment, and what it meets where it is applied. */
type Applying = {
  readonly sample: Sample;
  readonly segment: EncodedSegment;
  readonly wanted?: (ordinal: number) => boolean;
  readonly base: (ordinal: number) => Uint8Array | undefined;
  readonly hasArchives?: boolean;
};

/** Applies; only objects that are right may come out, each once, and none that is not wanted. */
function apply({ sample, segment, wanted, base, hasArchives = true }: Applying, look: () => void): void {
  const made = new Set<number>();
  const { failed } = applySegment({
    stored: segment.bytes,
    segment: segment.entry,
    baseSizes: sample.sizes.bases,
    targets: sample.targets,
    archiveSizes: sample.sizes.archives ?? [],
    archive(number, position, into) {
      look();
      return hasArchives && readsArchives(sample).archive!(number, position, into);
    },
    base(ordinal) {
      look();
      return base(ordinal);
    },
    ...(wanted ? { wanted } : {}),
    produce(ordinal, content) {
      look();
      assert.ok(Buffer.from(sample.newObjects[ordinal]!).equals(content), `object ${ordinal} is wrong`);
      assert.ok(!made.has(ordinal) && wanted?.(ordinal) !== false, `object ${ordinal} is not asked for`);
      made.add(ordinal);
    },
  });
  for (const ordinal of failed)
    assert.ok(!made.has(ordinal) && wanted?.(ordinal) !== false, `object ${ordinal} did not fail`);
}

const memory = ({ segment }: Applying) => segment.entry.memory + ownMemory;

suite('segments', () => {
  test('with other numbers, pieces, streams and frames, sealed again', async () => {
    const loose = samples.map(takeApart);
    await fuzzSubject({
      name: 'segments sealed again',
      input(random): Applying {
        const one = loose[random(loose.length)]!;
        const { sample } = one;
        return { sample, segment: mutateSegment(one, random), ...surroundings(sample, random) };
      },
      parse: apply,
      codes: damagedOnly,
      memory,
      share: 4,
    });
  });

  test('with other stored bytes behind a right hash', async () => {
    const sound = samples.map((sample) => ({ sample, segment: segmentOf(sample) }));
    await fuzzSubject({
      name: 'segments of other bytes',
      input(random): Applying {
        const { sample, segment } = sound[random(sound.length)]!;
        const bytes = mutateBytes(segment.bytes, random);
        const changed = random(2) === 0 ? { bytes, entry: segment.entry } : seal(sample, bytes);
        return { sample, segment: changed, ...surroundings(sample, random) };
      },
      parse: apply,
      codes: damagedOnly,
      memory,
    });
  });

  test('of which the head says other figures', async () => {
    const sound = samples.map((sample) => ({ sample, segment: segmentOf(sample) }));
    await fuzzSubject({
      name: 'figures of segments',
      input(random): Applying {
        const { sample, segment } = sound[random(sound.length)]!;
        const name = (['output', 'base', 'memory', 'objects'] as const)[random(4)]!;
        const entry = { ...segment.entry, [name]: mutateNumber(segment.entry[name], random) };
        return { sample, segment: { bytes: segment.bytes, entry }, ...surroundings(sample, random) };
      },
      parse: apply,
      codes: damagedOnly,
      memory: ({ segment }) => Math.min(segment.entry.memory, 32e6) + ownMemory,
      share: 0.3,
    });
  });

  test('that name objects without end take no memory for them', () => {
    const [sample] = samples as [Sample];
    // A piece of so many runs, each of which goes back to the object before.
    const runs = 2e6;
    const backwards = Buffer.alloc(2 * (runs - 1), Buffer.of(1, 0));
    const control = Buffer.concat([writeVarints([0, runs - 1, 0, 0]), backwards]);
    const streams = streamNames.map((name) =>
      name === 'control' ? { codec: 1, length: control.length, stored: quickZstd(control) } : undefined,
    );
    const header = streams.flatMap((one) => (one ? [one.codec, one.length, one.stored.length] : [0, 0, 0]));
    const stored = Buffer.concat([writeVarints(header), ...streams.map((one) => one?.stored ?? Buffer.of())]);
    const before = process.memoryUsage().heapUsed;
    assert.throws(() => apply({ sample, segment: seal(sample, stored), base: () => undefined }, () => {}), {
      name: 'SatchelError',
    });
    const taken = process.memoryUsage().heapUsed - before;
    assert.ok(taken < 64e6, `${taken} bytes`);
  });
});

suite('heads', () => {
  const sha256 = 'a1'.repeat(32) as Sha256;
  const entry: SegmentEntry = { length: 10, sha256, output: 5, base: 7, memory: 99, objects: 2 };
  const head = { from: sha256, to: sha256, indexPatch: Buffer.of(1, 2, 3), segments: [entry, entry] };
  const largest = { ...entry, output: segmentLimits.output, base: segmentLimits.base, memory: 2 ** 28 };
  const archives = [
    { objects: [{ first: 3, count: 40 }], length: 2 ** 27 },
    {
      objects: [
        { first: 0, count: 1 },
        { first: 9, count: 2 },
      ],
      length: 5,
    },
  ];
  const heads = [
    ...[head, { ...head, segments: [] }, { ...head, segments: [largest] }],
    { ...head, archives, segments: [largest] },
  ].map(serialiseHead);
  const preamble = 20;
  const again = (parsed: ReturnType<typeof parseHead>, bytes: Buffer) => {
    assert.deepEqual(serialiseHead(parsed), bytes);
    assert.ok(Number.isSafeInteger(scratchToApply(parsed)));
    assert.ok(memoryToApply(parsed) <= segmentMemoryLimit);
    assert.equal(segmentOffsets(bytes.length, parsed.segments).length, parsed.segments.length);
  };
  const codes = /^delta-(damaged|newer)$/;

  test('of other bytes', async () => {
    await fuzz('heads', heads, parseHead, again, { codes, memory: ({ length }) => 4 * length + ownMemory });
  });

  test('whose lengths are right', async () => {
    await fuzzSubject({
      name: 'heads with right lengths',
      input(random) {
        const bytes = heads[random(heads.length)]!;
        const directoryEnd = preamble + bytes.readUInt32LE(12);
        const directory = mutate([bytes.subarray(preamble, directoryEnd)], random);
        const changed = Buffer.concat([bytes.subarray(0, preamble), directory, bytes.subarray(directoryEnd)]);
        changed.writeUInt32LE(directory.length, 12);
        if (random(50) === 0) changed.writeUInt32LE(random(3), 8);
        return changed;
      },
      parse: (bytes) => parseHead(bytes),
      accepted: again,
      codes,
    });
  });
});

suite('index patches', () => {
  const [from, to] = sampleIndexes();
  const target = (bytes: Uint8Array) => ({ sha256: hash('sha256', bytes) as Sha256, size: bytes.length });
  const frame = makeIndexPatch(from, Buffer.from('\x01no index'));
  const limit = () => 4 * (from.length + to.length) + ownMemory;

  test('of other bytes make the index or nothing', async () => {
    const patches = [makeIndexPatch(from, to), makeIndexPatch(to, from)];
    await fuzzSubject({
      name: 'index patches of other bytes',
      input: (random) => mutateBytes(patches[random(4) === 0 ? 1 : 0]!, random),
      parse: (patch) => applyIndexPatch(from, patch, target(to)),
      accepted: (index) => assert.ok(index.equals(to)),
      codes: damagedOnly,
      memory: limit,
    });
    await fuzzSubject({
      name: 'index patches of one frame',
      input: (random) => mutateBytes(frame, random),
      parse: (patch) => applyIndexPatch(from, patch, target(Buffer.from('\x01no index'))),
      codes: damagedOnly,
      memory: limit,
      share: 0.3,
    });
  });

  test('sealed again make an index that is sound, or one that is refused', async () => {
    const loose = [
      takeLinePatchApart(from, makeIndexPatch(from, to)),
      takeLinePatchApart(to, makeIndexPatch(to, from)),
    ];
    const sides = [from, to];
    await fuzzSubject({
      name: 'index patches sealed again',
      input(random) {
        const which = random(2);
        const size = random(4) === 0 ? mutateNumber(to.length, random) : 4 * to.length;
        return { old: sides[which]!, patch: mutateLinePatch(loose[which]!, random), size };
      },
      parse({ old, patch, size }) {
        const made = readLinePatch(old, patch.subarray(1), size);
        assert.ok(made.length <= size, 'longer than promised');
        assert.ok(applyIndexPatch(old, patch, { ...target(made), size: made.length }).equals(made));
        return { made, entries: parseIndex(made) };
      },
      accepted({ made, entries }) {
        assert.deepEqual(Buffer.from(serialiseIndex(entries)), made);
      },
      codes: /^(delta-damaged|index-.*)$/,
      // As much as was promised may be made, here twice, and its entries come on top.
      memory: ({ size }) => 4 * limit() + 4 * Math.min(size, 8e6),
      share: 2,
    });
  });
});

/** Mostly as it should be; else objects are missing, changed or not wanted. */
function surroundings(
  { oldObjects, newObjects }: Sample,
  random: Random,
): Pick<Applying, 'base' | 'wanted' | 'hasArchives'> {
  const one = random(oldObjects.length);
  const wantedOne = random(newObjects.length);
  const isWanted = { wanted: (ordinal: number) => ordinal === wantedOne };
  const other = Buffer.from(oldObjects[one]!);
  other[random(other.length)]! ^= 1 << random(8);
  const trained = Buffer.from(oldObjects[one]!);
  trained.set([0x37, 0xa4, 0x30, 0xec]);
  const missing = [undefined, other, trained][random(3)];
  const base = (ordinal: number) => (ordinal === one ? missing : oldObjects[ordinal]);
  const sound = (ordinal: number) => oldObjects[ordinal];
  switch (random(10)) {
    case 0:
      return { base, hasArchives: false };
    case 1:
      return { base: sound, ...isWanted };
    case 2:
      return { base, ...isWanted };
    default:
      return { base: sound };
  }
}
