import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { damaged } from './damaged.ts';
import { type Area, areaKinds } from './references.ts';
import { addressLimit, mostAreas, mostShifts, type Relocation, type Shift } from './relocation.ts';

/**
 * Writes a relocation: the number of areas, then for each its kind, the bytes between it and the one before, its
 * length and how much its distance from place to address differs from the one before (zigzag); the number of
 * shifts, then for each its distance in address from the one before, then for each its difference from the one
 * before (zigzag); last the distance from the last shift to the end. All are varints.
 */
export function writeRelocation(writer: ByteWriter, { areas, shifts, end }: Relocation): void {
  writer.varint(areas.length);
  let place = 0;
  let distance = 0;
  for (const { kind, start, length, address } of areas) {
    writer.varint(areaKinds.indexOf(kind));
    writer.varint(start - place);
    writer.varint(length);
    writer.varint(zigzag(address - start - distance));
    place = start + length;
    distance = address - start;
  }
  writer.varint(shifts.length);
  shifts.forEach(({ address }, number) => {
    writer.varint(address - (shifts[number - 1]?.address ?? 0));
  });
  shifts.forEach(({ shift }, number) => {
    writer.varint(zigzag(shift - (shifts[number - 1]?.shift ?? 0)));
  });
  writer.varint(end - (shifts.at(-1)?.address ?? 0));
}

/** Reads what {@link writeRelocation} wrote. Throws `delta-damaged`. */
export function readRelocation(reader: ByteReader): Relocation {
  const areas: Area[] = [];
  let place = 0;
  let distance = 0;
  for (let left = countOf(reader, mostAreas); left > 0; left -= 1) {
    const kind = areaKinds[reader.varint()];
    if (kind === undefined) throw damaged('an area of an unknown kind');
    const start = place + reader.varint();
    const length = reader.varint();
    distance += unzigzag(reader.varint());
    const address = checked(start + distance);
    place = checked(start + length);
    areas.push({ kind, start, length, address });
  }
  const addresses: number[] = [];
  let address = 0;
  for (let left = countOf(reader, mostShifts); left > 0; left -= 1) {
    address = checked(address + reader.varint());
    addresses.push(address);
  }
  let shift = 0;
  const shifts = addresses.map((address): Shift => {
    shift += unzigzag(reader.varint());
    checked(Math.abs(shift));
    return { address, shift };
  });
  return { areas, shifts, end: checked(address + reader.varint()) };
}

function countOf(reader: ByteReader, most: number): number {
  const count = reader.varint();
  if (count > most) throw damaged('a relocation with too many parts');
  return count;
}

/** Addresses and places stay where sums of them are exact. */
function checked(value: number): number {
  if (!(value >= 0 && value < addressLimit)) throw damaged('an address that no program has');
  return value;
}

function zigzag(value: number): number {
  return value >= 0 ? 2 * value : -2 * value - 1;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
