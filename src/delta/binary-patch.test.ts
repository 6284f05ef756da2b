import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import { applyPatch, type BinaryPatch, makePatch, skipPatch } from './binary-patch.ts';
import { createByteReader } from './byte-reader.ts';
import { createByteWriter } from './byte-writer.ts';
import { createSparseWriter, type SparseStreams } from './sparse-difference.ts';
import { createSparseReader } from './sparse-difference-reader.ts';

/** Bytes that look random and are the same on every machine and in every run. */
function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let position = 0; position < length; position += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[position] = state >>> 24;
  }
  return bytes;
}

function sparse(difference: Uint8Array): SparseStreams {
  const writer = createSparseWriter();
  writer.add(difference);
  return writer.finish();
}

const readers = ({ control, difference, extra }: BinaryPatch) => ({
  control: createByteReader(control, 'control'),
  difference: createSparseReader(sparse(difference)),
  extra: createByteReader(extra, 'extra'),
});

/** Applies a patch and checks that it took its streams to their ends. */
function applied(base: Uint8Array, patch: BinaryPatch, length: number): Uint8Array {
  const streams = readers(patch);
  const target = applyPatch(base, streams, length);
  for (const stream of Object.values(streams)) assert.equal(stream.remaining, 0);
  return target;
}

type Step = [difference: number, extra: number, jump: number];

/** A control made by hand, of these steps. */
function control(...steps: Step[]): Uint8Array {
  const columns = [0, 1, 2].map((column) => {
    const writer = createByteWriter();
    for (const step of steps) writer.varint(step[column]!);
    return writer.finish();
  });
  const writer = createByteWriter();
  for (const column of columns) writer.varint(column.length);
  for (const column of columns) writer.bytes(column);
  return writer.finish();
}

const damaged = (error: unknown) => isSatchelError(error, 'delta-damaged');
const ten = noise(10);

/** An edit of a base: bytes written over, put in, taken out, or copied from elsewhere. */
const edit = fc.record({
  kind: fc.constantFrom('over', 'in', 'out', 'copy'),
  at: fc.nat(5000),
  from: fc.nat(5000),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
  count: fc.nat(600),
});
type Edit = typeof edit extends fc.Arbitrary<infer Value> ? Value : never;

function edited(base: Uint8Array, { kind, at, from, bytes, count }: Edit): Uint8Array {
  const before = base.subarray(0, at);
  if (kind === 'over') return Buffer.concat([before, bytes, base.subarray(at + bytes.length)]);
  if (kind === 'in') return Buffer.concat([before, bytes, base.subarray(at)]);
  if (kind === 'out') return Buffer.concat([before, base.subarray(at + count)]);
  return Buffer.concat([before, base.subarray(from, from + count), base.subarray(at)]);
}

/** Bases of few different bytes repeat themselves, so that there are many candidates for each match. */
const bases = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.array(fc.nat(2), { maxLength: 3000 }).map((digits) => Uint8Array.from(digits)),
  fc.tuple(fc.nat(4000), fc.integer()).map(([length, seed]) => noise(length, seed)),
);

test('a patch of a base makes the target, whatever was edited', () => {
  fc.assert(
    fc.property(bases, fc.array(edit, { maxLength: 12 }), (base, edits) => {
      const target = edits.reduce(edited, base);
      const patch = makePatch(base, target);
      assert.ok(Buffer.from(target).equals(applied(base, patch, target.length)));
    }),
    { numRuns: 400 },
  );
});

test('a patch between things that have nothing to do with each other makes the target', () => {
  fc.assert(
    fc.property(bases, bases, (base, target) => {
      assert.ok(Buffer.from(target).equals(applied(base, makePatch(base, target), target.length)));
    }),
  );
});

test('base and target may be views into larger buffers at odd places', () => {
  const base = noise(5003).subarray(3);
  const target = noise(5001).subarray(1);
  assert.ok(Buffer.from(target).equals(applied(base, makePatch(base, target), target.length)));
});

test('the patch is the same every time', () => {
  const base = noise(20_000);
  const target = Buffer.concat([base.subarray(7000), noise(500, 2), base.subarray(0, 9000)]);
  const again = makePatch(base.slice(), Uint8Array.from(target));
  for (const [stream, bytes] of Object.entries(makePatch(base, target)))
    assert.ok(Buffer.from(bytes).equals(again[stream as keyof BinaryPatch]));
});

test('what moved is found where it was, however far', () => {
  const base = noise(200_000);
  const target = Buffer.concat([base.subarray(150_000), base.subarray(0, 150_000)]);
  const patch = makePatch(base, target);
  assert.equal(patch.extra.length, 0);
  assert.ok(patch.control.length < 20);
  assert.ok(patch.difference.every((digit) => digit === 0));
});

test('bytes that changed here and there inside what did not are differences, not extra bytes', () => {
  const base = noise(100_000);
  const target = base.slice();
  for (let at = 50; at < target.length; at += 20) target[at]! += 3;
  const patch = makePatch(base, target);
  assert.equal(patch.extra.length, 0);
  assert.equal(patch.difference.length, target.length);
  assert.ok(patch.difference.every((digit) => [0, 3, 255].includes(digit)));
});

test('long runs of one byte take no long time', { timeout: 20_000 }, () => {
  const base = new Uint8Array(500_000);
  const target = new Uint8Array(500_000);
  for (let at = 0; at < target.length; at += 31) target[at] = at;
  assert.ok(Buffer.from(target).equals(applied(base, makePatch(base, target), target.length)));
});

test('an address that grew by as much as another has the same differences, whatever is carried', () => {
  const addresses = [0x1000, 0x12ff, 0xfffe, 0x20_0000, 0x7f_ffff];
  const bytesOf = (shift: number) => {
    const bytes = Buffer.from(noise(addresses.length * 40));
    addresses.forEach((address, number) => {
      bytes.writeUInt32LE(address + shift, number * 40 + 20);
    });
    return bytes;
  };
  for (const [shift, digits] of [
    [0x110, [0x10, 1]],
    [-0x110, [0xf0, 0xff]],
  ] as const) {
    const patch = makePatch(bytesOf(0), bytesOf(shift));
    assert.equal(patch.extra.length, 0);
    const { runs, twos } = sparse(patch.difference);
    assert.equal(runs.length, addresses.length);
    assert.deepEqual(
      [...twos],
      addresses.flatMap(() => digits),
    );
    assert.ok(bytesOf(shift).equals(applied(bytesOf(0), patch, bytesOf(0).length)));
  }
});

const targets = [noise(900), noise(700, 2), new Uint8Array(), noise(900).fill(7, 300, 340)];

/** The patches of all targets from one base, in streams that they share. */
function shared(base: Uint8Array) {
  const patches = targets.map((target) => makePatch(base, target));
  const joined = (stream: keyof BinaryPatch) => Buffer.concat(patches.map((patch) => patch[stream]));
  return readers({ control: joined('control'), difference: joined('difference'), extra: joined('extra') });
}

test('a patch takes of shared streams what is its own, also when it is passed over', () => {
  const base = noise(1000).fill(9, 0, 50);
  for (let skipped = -1; skipped < targets.length; skipped += 1) {
    const streams = shared(base);
    targets.forEach((target, number) => {
      if (number === skipped) skipPatch(streams);
      else assert.ok(Buffer.from(target).equals(applyPatch(base, streams, target.length)));
    });
    for (const stream of Object.values(streams)) assert.equal(stream.remaining, 0);
  }
});

test('steps do what they say', () => {
  const difference = Uint8Array.of(0, 1, 0, 250);
  const extra = Uint8Array.of(91, 92, 93);
  const base = Uint8Array.of(10, 20, 30, 40, 50, 60, 70);
  // From place 2 to 5, back to 0, on to 3.
  const steps = control([3, 2, 4], [0, 1, 9], [1, 0, 6]);
  assert.deepEqual(
    Uint8Array.from(applied(base, { control: steps, difference, extra }, 7)),
    Uint8Array.of(30, 41, 50, 91, 92, 93, 34),
  );
});

test('a sum beyond a byte is carried within its step, also over differences of zero', () => {
  const base = Uint8Array.of(250, 255, 255, 7, 5, 0, 9, 255);
  const difference = Uint8Array.of(10, 0, 0, 0, 246, 0, 1, 1);
  const steps = control([4, 0, 0], [4, 0, 0]);
  assert.deepEqual(
    Uint8Array.from(applied(base, { control: steps, difference, extra: new Uint8Array() }, 8)),
    Uint8Array.of(4, 0, 0, 8, 251, 255, 9, 0),
  );
});

test('a patch that reads outside its base, or makes more or less than it should, is damage', () => {
  const bad: [string, Uint8Array, number][] = [
    ['behind the base', control([4, 0, 22]), 4],
    ['across its end', control([4, 0, 14]), 4],
    ['before it', control([4, 0, 1]), 4],
    ['far behind it', control([0, 1, Number.MAX_SAFE_INTEGER]), 1],
    ['more than the target', control([4, 6, 0]), 9],
    ['less than the target', control([4, 4, 0]), 10],
    ['nothing', control(), 1],
    ['lengths beyond counting', control([0, Number.MAX_SAFE_INTEGER, 0]), 10],
    ['more extra bytes than there are', control([0, 31, 0]), 31],
    ['columns of different number', Uint8Array.of(1, 2, 1, 0, 1, 0, 0), 1],
    ['columns longer than there is', Uint8Array.of(1, 1, 200, 1, 0, 0), 1],
  ];
  for (const [name, bytes, length] of bad) {
    const patch = readers({ control: bytes, difference: Uint8Array.of(0, 5), extra: noise(30) });
    assert.throws(() => applyPatch(ten, patch, length), damaged, name);
  }
});

/** Steps that are nearly possible, so that a good part of them reaches the end. */
const step = fc.tuple(fc.nat(9), fc.nat(9), fc.oneof(fc.nat(9), fc.maxSafeNat()));
const controls = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.array(step, { maxLength: 6 }).map((steps) => control(...steps)),
);

test('any streams make exactly as many bytes as asked, or are damage', () => {
  fc.assert(
    fc.property(
      controls,
      fc.uint8Array(),
      fc.uint8Array(),
      fc.nat(40),
      (bytes, difference, extra, length) => {
        try {
          const made = applyPatch(ten, readers({ control: bytes, difference, extra }), length);
          assert.equal(made.length, length);
        } catch (error) {
          assert.ok(damaged(error), String(error));
        }
      },
    ),
    { numRuns: 5000 },
  );
});

test('a patch with one byte changed makes as many bytes, or is damage', () => {
  const base = noise(3000);
  const target = Buffer.concat([base.subarray(900, 2500), noise(99, 5), base.subarray(0, 700)]);
  const patch = makePatch(base, target);
  fc.assert(
    fc.property(
      fc.constantFrom<keyof BinaryPatch>('control', 'difference'),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (stream, place, change) => {
        const bytes = patch[stream].slice();
        bytes[place % bytes.length]! ^= change;
        try {
          const made = applyPatch(base, readers({ ...patch, [stream]: bytes }), target.length);
          assert.equal(made.length, target.length);
        } catch (error) {
          assert.ok(damaged(error), String(error));
        }
      },
    ),
    { numRuns: 1000 },
  );
});
