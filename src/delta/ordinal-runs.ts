import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { damaged } from './damaged.ts';

/** Ordinals one after another: `first`, `first + 1`, …; `count` is at least 1. */
export type Run = { readonly first: number; readonly count: number };

/** The runs of a list of ordinals, in its order. */
export function runsOf(ordinals: readonly number[]): Run[] {
  const runs: { first: number; count: number }[] = [];
  for (const ordinal of ordinals) {
    const last = runs.at(-1);
    if (last !== undefined && ordinal === last.first + last.count) last.count += 1;
    else runs.push({ first: ordinal, count: 1 });
  }
  return runs;
}

/** The ordinals of runs, one by one. */
export function* ordinalsOf(runs: readonly Run[]): Generator<number> {
  for (const { first, count } of runs)
    for (let ordinal = first; ordinal < first + count; ordinal += 1) yield ordinal;
}

/** The ordinal after the last of runs. */
export function endOfRuns(runs: readonly Run[]): number {
  const last = runs.at(-1) as Run;
  return last.first + last.count;
}

/** True when one of the ordinals is accepted by `test`. */
export function someOrdinal(runs: readonly Run[], test: (ordinal: number) => boolean): boolean {
  for (const ordinal of ordinalsOf(runs)) if (test(ordinal)) return true;
  return false;
}

/**
 * Writes runs, at least one: their number less one, then for each the distance of its first ordinal from the
 * one expected (`expected`, later the end of the run before) and its count less one.
 */
export function writeRuns(writer: ByteWriter, runs: readonly Run[], expected: number): void {
  writer.varint(runs.length - 1);
  let next = expected;
  for (const { first, count } of runs) {
    writer.varint(zigzag(first - next));
    writer.varint(count - 1);
    next = first + count;
  }
}

/** So many runs may name objects again that runs before them have named, whatever the number of objects. */
const mostRepeats = 4096;

/** Reads runs of ordinals below `limit`. Throws `delta-damaged`. */
export function readRuns(reader: ByteReader, expected: number, limit: number): Run[] {
  const number = reader.varint() + 1;
  // Each takes two bytes at least, and few objects are named twice: a number that cannot be right is not believed.
  if (number > Math.min(reader.remaining / 2, limit + mostRepeats)) throw damaged('more runs than can be');
  const runs: Run[] = [];
  let next = expected;
  for (let i = 0; i < number; i += 1) {
    const first = next + unzigzag(reader.varint());
    const count = reader.varint() + 1;
    if (first < 0 || !(first + count <= limit)) throw damaged('an object that the build does not have');
    runs.push({ first, count });
    next = first + count;
  }
  return runs;
}

/** 0, −1, 1, −2, … as 0, 1, 2, 3, … */
export function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

/** What {@link zigzag} was given. */
export function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
