import { damaged } from './damaged.ts';
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
    const isWide = area.kind === 'pointers' || area.kind === 'symbols';
    visitReferences(content, area, known, (at, target, origin, isBackwards) => {
      const change = shiftOf(target) - (origin === undefined ? 0 : shiftOf(origin));
      if (change === 0) return;
      if (isWide) writeWide(content, at, target + change);
      else content.writeInt32LE((content.readInt32LE(at) + (isBackwards ? -change : change)) | 0, at);
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

function writeWide(content: Buffer, at: number, address: number): void {
  // What a hostile relocation moved below zero is wrong whatever stands there.
  content.writeUInt32LE(address >>> 0, at);
  content.writeUInt32LE(Math.floor(address / 2 ** 32) >>> 0, at + 4);
}
