import { type Laptop, type LaptopUuid, type Serial, serialKey, serialOfKey } from './laptop.ts';

/** A list of laptops in the order of their serial numbers, each once. It may have millions: one takes 24 bytes. */
export type LaptopTable = Iterable<Laptop> & {
  readonly length: number;
  /** The laptop at a place, from 0. */
  at(place: number): Laptop;
  /** Where a laptop stands; undefined for one that is not in the list. */
  placeOf(serial: Serial): number | undefined;
};

/** Takes the laptops of a list in any order. Life: any number of `add`, then `table` once. */
export type LaptopTableBuilder = {
  /** `line`: where it stands in its list, from 1, for what is said about it. */
  add(laptop: Laptop, line: number): void;
  /** Throws what `contradiction` makes of the first line that gives another UUID to a laptop that came before. */
  table(contradiction: (line: number) => Error): LaptopTable;
};

const uuidLength = 16;
const firstRoom = 64;

type Columns = { readonly keys: Float64Array; readonly uuids: Buffer; readonly lines: Uint32Array };

export function createLaptopTable(): LaptopTableBuilder {
  let columns = roomFor(firstRoom);
  let count = 0;
  let isInOrder = true;
  return {
    add({ serial, uuid }, line) {
      if (count === columns.keys.length) columns = enlarged(columns);
      const { keys, uuids, lines } = columns;
      const key = serialKey(serial);
      if (count > 0 && keys[count - 1]! >= key) isInOrder = false;
      keys[count] = key;
      lines[count] = line;
      uuids.write(uuid.replaceAll('-', ''), count * uuidLength, 'hex');
      count += 1;
    },
    table(contradiction) {
      if (isInOrder) return openTable(columns, count);
      const sorted = eachOnce(columns, count, contradiction);
      return openTable(sorted, sorted.keys.length);
    },
  };
}

/** The table of laptops that are at hand; none may come with two UUIDs. */
export function tableOf(laptops: Iterable<Laptop>): LaptopTable {
  const builder = createLaptopTable();
  let line = 0;
  for (const laptop of laptops) {
    line += 1;
    builder.add(laptop, line);
  }
  return builder.table(() => new Error('a laptop has two UUIDs'));
}

function roomFor(length: number): Columns {
  return {
    keys: new Float64Array(length),
    uuids: Buffer.alloc(length * uuidLength),
    lines: new Uint32Array(length),
  };
}

function enlarged({ keys, uuids, lines }: Columns): Columns {
  const larger = roomFor(2 * keys.length);
  larger.keys.set(keys);
  larger.uuids.set(uuids);
  larger.lines.set(lines);
  return larger;
}

function uuidAt({ uuids }: Columns, place: number): Buffer {
  return uuids.subarray(place * uuidLength, (place + 1) * uuidLength);
}

/** The same in order. Those that come again stand together, in the order in which they came. */
function eachOnce(from: Columns, count: number, contradiction: (line: number) => Error): Columns {
  const { keys, lines } = from;
  const order = new Uint32Array(count);
  for (let place = 0; place < count; place += 1) order[place] = place;
  order.sort((one, other) => keys[one]! - keys[other]! || one - other);
  const sorted = roomFor(count);
  let length = 0;
  let firstWrong = Number.POSITIVE_INFINITY;
  for (const place of order) {
    if (length > 0 && sorted.keys[length - 1] === keys[place]) {
      const isSame = uuidAt(sorted, length - 1).equals(uuidAt(from, place));
      if (!isSame) firstWrong = Math.min(firstWrong, lines[place]!);
      continue;
    }
    sorted.keys[length] = keys[place]!;
    sorted.uuids.set(uuidAt(from, place), length * uuidLength);
    length += 1;
  }
  if (Number.isFinite(firstWrong)) throw contradiction(firstWrong);
  return { ...sorted, keys: sorted.keys.subarray(0, length) };
}

function openTable(columns: Columns, length: number): LaptopTable {
  const keys = columns.keys.subarray(0, length);
  const { uuids } = columns;
  const at = (place: number): Laptop => {
    const from = place * uuidLength;
    return { serial: serialOfKey(keys[place]!), uuid: uuidText(uuids, from) };
  };
  return {
    length,
    at,
    placeOf(serial) {
      const key = serialKey(serial);
      let [low, high] = [0, length];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (keys[middle]! < key) low = middle + 1;
        else high = middle;
      }
      return keys[low] === key ? low : undefined;
    },
    *[Symbol.iterator]() {
      for (let place = 0; place < length; place += 1) yield at(place);
    },
  };
}

/** Where the parts of a UUID end, in bytes. */
const parts = [0, 4, 6, 8, 10, 16] as const;

function uuidText(uuids: Buffer, from: number): LaptopUuid {
  const hex = uuids.toString('hex', from, from + uuidLength).toUpperCase();
  const part = (number: number) => hex.slice(2 * parts[number]!, 2 * parts[number + 1]!);
  return `${part(0)}-${part(1)}-${part(2)}-${part(3)}-${part(4)}` as LaptopUuid;
}
