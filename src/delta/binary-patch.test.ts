import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import { applyPatch, type BinaryPatch, makePatch } from './binary-patch.ts';
import { createBitEncoder } from './bit-coder.ts';
import { createByteReader } from './byte-reader.ts';
import { createByteWriter } from './byte-writer.ts';
import { createDifferenceModel } from './difference-model.ts';

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

const readers = ({ control, difference, extra }: BinaryPatch) => ({
  control: createByteReader(control, 'control'),
  difference: createByteReader(difference, 'difference'),
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

/** A control made by hand: so many differences with a code of so many bytes, in these steps. */
function control(differences: number, codeLength: number, ...steps: Step[]): Uint8Array {
  const columns = [0, 1, 2].map((column) => {
    const writer = createByteWriter();
    for (const step of steps) writer.varint(step[column]!);
    return writer.finish();
  });
  const writer = createByteWriter();
  writer.varint(differences);
  writer.varint(codeLength);
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
  assert.ok(patch.control.length + patch.difference.length < 60);
});

test('bytes that changed here and there inside what did not are differences, not extra bytes', () => {
  const base = noise(100_000);
  const target = base.slice();
  for (let at = 50; at < target.length; at += 20) target[at]! += 3;
  const patch = makePatch(base, target);
  assert.equal(patch.extra.length, 0);
  assert.ok(patch.difference.length < 800, `${patch.difference.length} bytes`);
});

test('long runs of one byte take no long time', { timeout: 20_000 }, () => {
  const base = new Uint8Array(500_000);
  const target = new Uint8Array(500_000);
  for (let at = 0; at < target.length; at += 31) target[at] = at;
  assert.ok(Buffer.from(target).equals(applied(base, makePatch(base, target), target.length)));
});

test('a patch takes of shared streams what is its own', () => {
  const targets = [noise(900), noise(700, 2), new Uint8Array(), noise(900).fill(7, 300, 340)];
  const base = noise(1000);
  const patches = targets.map((target) => makePatch(base, target));
  const joined = (stream: keyof BinaryPatch) => Buffer.concat(patches.map((patch) => patch[stream]));
  const streams = readers({
    control: joined('control'),
    difference: joined('difference'),
    extra: joined('extra'),
  });
  for (const target of targets)
    assert.ok(Buffer.from(target).equals(applyPatch(base, streams, target.length)));
  for (const stream of Object.values(streams)) assert.equal(stream.remaining, 0);
});

/** The code of four differences of zero from a base of ten bytes, as `makePatch` writes it. */
const code = makePatch(ten, ten.subarray(0, 4)).difference;

test('steps do what they say', () => {
  const encoder = createBitEncoder();
  const model = createDifferenceModel(ten, 4, encoder);
  model.code(Uint8Array.of(0, 1, 0), 2);
  model.code(Uint8Array.of(250), 3);
  const difference = encoder.finish();
  const extra = Uint8Array.of(91, 92, 93);
  // From place 2 to 5, back to 0, on to 3.
  const steps = control(4, difference.length, [3, 2, 4], [0, 1, 9], [1, 0, 6]);
  assert.deepEqual(
    applied(ten, { control: steps, difference, extra }, 7),
    Uint8Array.of(ten[2]!, ten[3]! + 1, ten[4]!, 91, 92, 93, ten[3]! + 250),
  );
});

test('a patch that reads outside its base, or makes more or less than it should, is damage', () => {
  const size = code.length;
  const bad: [string, Uint8Array, number][] = [
    ['behind the base', control(4, size, [4, 0, 22]), 4],
    ['across its end', control(4, size, [4, 0, 14]), 4],
    ['before it', control(4, size, [4, 0, 1]), 4],
    ['far behind it', control(0, 0, [0, 1, Number.MAX_SAFE_INTEGER]), 1],
    ['more than the target', control(4, size, [4, 6, 0]), 9],
    ['less than the target', control(4, size, [4, 4, 0]), 10],
    ['nothing', control(0, 0), 1],
    ['lengths beyond counting', control(0, 0, [0, Number.MAX_SAFE_INTEGER, 0]), 10],
    ['more differences than announced', control(3, size, [4, 0, 0]), 4],
    ['fewer differences than announced', control(4, size, [3, 1, 0]), 4],
    ['more differences announced than bytes', control(5, size, [4, 0, 0]), 4],
    ['a code that is cut', control(4, size - 1, [4, 0, 0]), 4],
    ['a code that goes on', control(4, size + 1, [4, 0, 0]), 4],
    ['a code longer than its stream', control(4, 200, [4, 0, 0]), 4],
    ['a code of nothing', control(0, 1, [0, 4, 0]), 4],
    ['more extra bytes than there are', control(0, 0, [0, 31, 0]), 31],
    ['columns of different number', Uint8Array.of(0, 0, 1, 2, 1, 0, 1, 0, 0), 1],
    ['columns longer than there is', Uint8Array.of(0, 0, 1, 1, 200, 1, 0, 0), 1],
  ];
  for (const [name, bytes, length] of bad) {
    const difference = Buffer.concat([code, Uint8Array.of(0, 0, 0)]);
    const patch = readers({ control: bytes, difference, extra: noise(30) });
    assert.throws(() => applyPatch(ten, patch, length), damaged, name);
  }
});

/** Steps that are nearly possible, so that a good part of them reaches the end. */
const step = fc.tuple(fc.nat(9), fc.nat(9), fc.oneof(fc.nat(9), fc.maxSafeNat()));
const controls = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc
    .tuple(fc.nat(20), fc.nat(6), fc.array(step, { maxLength: 6 }))
    .map(([differences, codeLength, steps]) => control(differences, codeLength, ...steps)),
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
