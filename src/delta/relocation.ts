import { damaged } from './damaged.ts';
import type { Form } from './reference-visitor.ts';
import { type Area, type KnownAddresses, visitReferences } from './references.ts';

/**
 * What is known of how a program was laid out anew: which addresses moved by how much, and where the old file holds
 * addresses. With it the addresses in the old content are brought up to date before a patch is made from it, so that
 * the patch has to say only what really changed.
 */
export type Relocation = {
  /** In the order of `start`; they do not overlap. */
  readonly areas: readonly Area[];
  /** In the order of `address`: from there on, up to the next one, everything moved by `shift` bytes. */
  readonly shifts: readonly Shift[];
  /** The first address after those that the last shift is about. */
  readonly end: number;
};

/** No relocation has more areas, so that looking for one takes no time worth mentioning. */
export const mostAreas = 64;

/** No relocation has more shifts, so that they take some MiB of memory at most. */
export const mostShifts = 128 * 1024;

/** No address is as high, so that sums of them are exact. */
export const addressLimit = 2 ** 50;

export type Shift = { readonly address: number; readonly shift: number };

/** Brings the addresses in `base` up to date, in place. Throws `delta-damaged` when an area is not within it. */
export function relocate(base: Uint8Array, { areas, shifts, end }: Relocation): void {
  const content = Buffer.from(base.buffer, base.byteOffset, base.byteLength);
  const known = knownAddresses(areas, shifts[0]?.address ?? end, end);
  const shiftOf = shiftFinder(shifts);
  let place = 0;
  for (const area of areas) {
    if (area.start < place || area.length > content.length - area.start)
      throw damaged('a relocation reaches outside its base');
    place = area.start + area.length;
    visitReferences(content, area, known, (at, target, origin, form) => {
      const change = shiftOf(target) - (origin === undefined ? 0 : shiftOf(origin));
      if (change !== 0) addTo(content, at, Math.trunc(change / form.unit), form);
    });
  }
}

/** Addresses from `first` up to `end`, of which those in areas of code are code. */
export function knownAddresses(areas: readonly Area[], first: number, end: number): KnownAddresses {
  const code = areas.filter(({ kind }) => kind === 'code' || kind === 'absolute-code');
  return {
    has: (address) => address >= first && address < end,
    isCode: (target) => code.some(({ address, length }) => target >= address && target < address + length),
  };
}

/** How far an address moved: not at all before the first shift. */
function shiftFinder(shifts: readonly Shift[]): (address: number) => number {
  const addresses = Float64Array.from(shifts, ({ address }) => address);
  const amounts = Float64Array.from(shifts, ({ shift }) => shift);
  return (address) => {
    let low = -1;
    let high = addresses.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (addresses[middle]! <= address) low = middle;
      else high = middle;
    }
    return low === -1 ? 0 : amounts[low]!;
  };
}

function addTo(content: Buffer, at: number, change: number, { length }: Form): void {
  if (length === 4) {
    content.writeInt32LE((content.readInt32LE(at) + change) | 0, at);
    return;
  }
  const low = content.readUInt32LE(at) + change;
  // What leaves 64 bits because of a hostile relocation is wrong whatever stands there.
  content.writeInt32LE((content.readInt32LE(at + 4) + Math.floor(low / 2 ** 32)) | 0, at + 4);
  content.writeUInt32LE(low >>> 0, at);
}
