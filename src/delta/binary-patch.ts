import { type ByteReader, createByteReader } from './byte-reader.ts';
import { createByteWriter } from './byte-writer.ts';
import { damaged } from './damaged.ts';
import { findSteps, type PatchStep } from './patch-steps.ts';
import type { SparseReader } from './sparse-difference-reader.ts';

/** What turns one run of bytes into another; three streams, because each compresses best among its like. */
export type BinaryPatch = {
  /**
   * What to do. Three varints are the lengths of three columns, which follow. A step takes one varint of each
   * column: how many differences, then how many bytes of the extra stream make the next bytes of the target,
   * and how far the place in the base jumps before (zigzag: twice the distance forwards, or twice the distance
   * backwards less one) from where the step before ended; from 0 at first.
   */
  control: Uint8Array;
  /**
   * Target minus base, where both are alike: mostly zeroes. Each step has a number of its own, its lowest digit
   * first; digits are from −128 to 127, one a byte. So one address that grew by as much as another gives the same
   * digits, whatever is carried in their sums.
   */
  difference: Uint8Array;
  /** Bytes of the target for which the base has nothing alike. */
  extra: Uint8Array;
};

/** The streams of a patch, each read from where its reader stands; they may hold more than this patch. */
export type PatchStreams = { control: ByteReader; difference: SparseReader; extra: ByteReader };

/**
 * The patch from `base` to `target`: always the same for the same bytes. Beside its arguments it takes 6 to 8
 * bytes of memory for each byte of the base, then twice the length of the target at most.
 */
export function makePatch(base: Uint8Array, target: Uint8Array): BinaryPatch {
  const steps = findSteps(base, target);
  const differences = steps.reduce((sum, step) => sum + step.difference, 0);
  return {
    control: writeControl(steps),
    difference: collectDifferences(base, target, steps, differences),
    extra: collectExtra(target, steps, target.length - differences),
  };
}

function collectDifferences(
  base: Uint8Array,
  target: Uint8Array,
  steps: readonly PatchStep[],
  length: number,
): Uint8Array {
  const collected = new Uint8Array(length);
  let at = 0;
  let filled = 0;
  for (const { place, difference, extra } of steps) {
    let carry = 0;
    for (let offset = 0; offset < difference; offset += 1) {
      const wanted = target[at + offset]! - base[place + offset]! - carry;
      // The shifts make the digit of the difference.
      const digit = (wanted << 24) >> 24;
      collected[filled + offset] = digit;
      carry = (digit - wanted) >> 8;
    }
    filled += difference;
    at += difference + extra;
  }
  return collected;
}

function collectExtra(target: Uint8Array, steps: readonly PatchStep[], length: number): Uint8Array {
  const collected = new Uint8Array(length);
  let at = 0;
  let filled = 0;
  for (const { difference, extra } of steps) {
    at += difference;
    collected.set(target.subarray(at, at + extra), filled);
    at += extra;
    filled += extra;
  }
  return collected;
}

function writeControl(steps: readonly PatchStep[]): Uint8Array {
  const columns = [createByteWriter(), createByteWriter(), createByteWriter()] as const;
  let expected = 0;
  for (const { place, difference, extra } of steps) {
    columns[0].varint(difference);
    columns[1].varint(extra);
    columns[2].varint(place >= expected ? 2 * (place - expected) : 2 * (expected - place) - 1);
    expected = place + difference;
  }
  const control = createByteWriter();
  for (const column of columns) control.varint(column.length);
  for (const column of columns) control.bytes(column.finish());
  return control.finish();
}

/** The steps of the three columns that a control ends with. Throws `delta-damaged`, also for a place outside. */
function* readSteps(control: ByteReader, baseLength: number): Generator<PatchStep> {
  const lengths = [control.varint(), control.varint(), control.varint()] as const;
  const column = (length: number) => createByteReader(control.take(length), 'a column of the patch control');
  const differences = column(lengths[0]);
  const extras = column(lengths[1]);
  const jumps = column(lengths[2]);
  let place = 0;
  while (differences.remaining > 0) {
    const difference = differences.varint();
    const extra = extras.varint();
    const zigzag = jumps.varint();
    if (difference + extra === 0) throw damaged('a step of a patch makes nothing');
    place += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    if (place < 0 || place > baseLength || difference > baseLength - place)
      throw damaged('a patch reads outside its base');
    yield { place, difference, extra };
    place += difference;
  }
  if (extras.remaining > 0 || jumps.remaining > 0) throw damaged('the columns of a patch differ in number');
}

/**
 * The `targetLength` bytes that the patch makes of `base`. Allocates nothing else, and takes from each stream what
 * belongs to this patch: whether they must end there is the caller's to check. Throws `delta-damaged` for whatever
 * would leave the base or a stream, or would not make exactly so many bytes.
 */
export function applyPatch(base: Uint8Array, patch: PatchStreams, targetLength: number): Uint8Array {
  const target = Buffer.allocUnsafeSlow(targetLength);
  let at = 0;
  for (const { place, difference, extra } of readSteps(patch.control, base.length)) {
    if (difference + extra > targetLength - at) throw damaged('a patch makes more than it should');
    target.set(base.subarray(place, place + difference), at);
    patch.difference.addTo(target, at, difference);
    at += difference;
    target.set(patch.extra.take(extra), at);
    at += extra;
  }
  if (at !== targetLength) throw damaged('a patch makes less than it should');
  return target;
}

/** Passes a patch over: takes from each stream what belongs to it. Throws `delta-damaged`. */
export function skipPatch(patch: PatchStreams): void {
  for (const { difference, extra } of readSteps(patch.control, Number.POSITIVE_INFINITY)) {
    patch.difference.skip(difference);
    patch.extra.take(extra);
  }
}
