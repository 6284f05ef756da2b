/** Mutations of binary formats: bytes, and the numbers that they are written of. */
import { createByteReader } from '../../src/delta/byte-reader.ts';
import { createByteWriter } from '../../src/delta/byte-writer.ts';
import type { Random } from './fuzz.testkit.ts';

/** One to three changes: bits, bytes, cuts, gaps, repeats, insertions. */
export function mutateBytes(bytes: Uint8Array, random: Random): Buffer {
  let changed: Buffer = Buffer.from(bytes);
  for (let count = 1 + random(3); count > 0; count -= 1) changed = changeBytes(changed, random);
  return changed;
}

function changeBytes(bytes: Buffer, random: Random): Buffer {
  const at = random(bytes.length + 1);
  const length = random(Math.min(16, bytes.length - at) + 1);
  const put = (middle: Uint8Array, skip: number) =>
    Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(at + skip)]);
  const some = () => Buffer.from(Array.from({ length: 1 + random(4) }, () => random(256)));
  switch (random(8)) {
    case 0:
    case 1:
      if (at < bytes.length) bytes[at] = bytes[at]! ^ (1 << random(8));
      return bytes;
    case 2:
      if (at < bytes.length) bytes[at] = [0, 1, 127, 128, 255][random(5)]!;
      return bytes;
    case 3:
      return random(3) === 0 ? bytes.subarray(0, at) : put(Buffer.alloc(0), length);
    case 4:
      return put(some(), 0);
    case 5:
      return put(Buffer.alloc(length, random(256)), length);
    case 6:
      return put(bytes.subarray(at, at + length), 0);
    default:
      return put(some(), length);
  }
}

/** Numbers at which something ends or begins. */
const edges = [0, 1, 2, 3, 4, 5, 9, 10, 63, 64, 127, 128, 255, 256, 4095, 4096, 4097, 2 ** 16, 2 ** 24 - 1]
  .concat([2 ** 24, 2 ** 25, 2 ** 25 + 1, 2 ** 28, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 49, 2 ** 50])
  .concat([Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER]);

/** A number near `value`, at an edge, or any, small or of some megabytes. */
export function mutateNumber(value: number, random: Random): number {
  switch (random(6)) {
    case 0:
      return Math.min(Number.MAX_SAFE_INTEGER, value + 1 + random(2));
    case 1:
      return Math.max(0, value - 1 - random(2));
    case 2:
      return edges[random(edges.length)]!;
    case 3:
      return Math.min(Number.MAX_SAFE_INTEGER, value * 2);
    case 4:
      return Math.floor(value / 2);
    default:
      return random(random(2) === 0 ? 300 : 2 ** 24);
  }
}

/** One or two changes of a list: other items, items left out, twice, or in another order. */
export function mutateList<Item>(
  items: readonly Item[],
  random: Random,
  changed: (item: Item, random: Random) => Item,
): Item[] {
  const list = [...items];
  for (let count = 1 + random(2); count > 0; count -= 1) {
    const [at, other] = [random(list.length), random(list.length)];
    if (list.length === 0) return list;
    const kind = random(8);
    if (kind < 4) list[at] = changed(list[at]!, random);
    else if (kind === 4) list.splice(at, 1);
    else if (kind === 5) list.splice(at, 0, list[other]!);
    else [list[at], list[other]] = [list[other]!, list[at]!];
  }
  return list;
}

/** Other numbers in bytes that are varints; other bytes when they are not, and sometimes when they are. */
export function mutateVarints(bytes: Uint8Array, random: Random): Buffer {
  const numbers = random(6) === 0 ? undefined : readVarints(bytes);
  return numbers === undefined
    ? mutateBytes(bytes, random)
    : writeVarints(mutateList(numbers, random, mutateNumber));
}

/** The numbers, if these bytes are nothing else. */
function readVarints(bytes: Uint8Array): number[] | undefined {
  const reader = createByteReader(bytes, 'a list of numbers');
  const numbers: number[] = [];
  try {
    while (reader.remaining > 0) numbers.push(reader.varint());
  } catch {
    return undefined;
  }
  return numbers;
}

/** Numbers as varints, one after another. */
export function writeVarints(numbers: readonly number[]): Buffer {
  const writer = createByteWriter();
  for (const number of numbers) writer.varint(number);
  return Buffer.from(writer.finish());
}
