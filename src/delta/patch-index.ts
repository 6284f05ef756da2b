/** Bytes that a piece of the base must have in common with the target to be found at all. */
export const gram = 8;

/** How far a match may be counted; longer ones are as good, and are followed to their end anyway. */
const longEnough = 1024;

/** Candidates looked at on either side of the expected place. */
const nearby = 16;

/** Where in the base the eight bytes that start at a place of the target stand also. */
export type PatchIndex = {
  /**
   * The best match for the target at `at`: the longest, less what it costs to say how far from `expected` it
   * lies. Gives its length, 0 when there is none other than at `expected`, and leaves its place in `place`.
   */
  find(at: number, expected: number): number;
  /** The place in the base of the match that was found last. */
  readonly place: number;
};

/** The number of bits that a distance takes, which is nearly what naming it costs. */
export const bitsOf = (distance: number) => 32 - Math.clz32(Math.abs(distance));

/** A function that hashes the gram at a place to the number of a bucket. */
function gramHash(bytes: Uint8Array, shift: number): (place: number) => number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return (place) => {
    const first = Math.imul(view.getInt32(place, true), 0x9e3779b1);
    const both = Math.imul(first ^ (first >>> 15) ^ view.getInt32(place + 4, true), 0x85ebca6b);
    return Math.imul(both ^ (both >>> 13), 0xc2b2ae35) >>> shift;
  };
}

/**
 * Sorts all places of the base by the hash of the eight bytes there (a counting sort: two passes, no
 * comparisons). A bucket is in order of place, so the candidates near an expected place are found by bisection
 * however common the bytes are. Takes 6 to 8 bytes of memory for each byte of the base.
 */
export function indexBase(base: Uint8Array, target: Uint8Array): PatchIndex {
  const count = Math.max(0, base.length - gram + 1);
  // About half as many buckets as places: 256 at least, 2^24 at most.
  const shift = Math.min(24, Math.max(8, 1 + Math.clz32(base.length)));
  const starts = new Uint32Array(2 ** (32 - shift) + 1);
  const places = new Uint32Array(count);
  const baseHash = gramHash(base, shift);
  for (let place = 0; place < count; place += 1) starts[baseHash(place)]! += 1;
  for (let bucket = 1; bucket < starts.length; bucket += 1) starts[bucket]! += starts[bucket - 1]!;
  for (let place = count - 1; place >= 0; place -= 1) {
    const bucket = baseHash(place);
    const slot = starts[bucket]! - 1;
    starts[bucket] = slot;
    places[slot] = place;
  }

  const targetHash = gramHash(target, shift);
  let found = 0;

  /** The first of the candidates from `low` to `high` that are worth a look. */
  const firstNear = (low: number, high: number, expected: number) => {
    let first = low;
    for (let last = high; first < last; ) {
      const middle = (first + last) >>> 1;
      if (places[middle]! < expected) first = middle + 1;
      else last = middle;
    }
    return Math.max(low, Math.min(first - nearby, high - 2 * nearby));
  };

  const matchLength = (place: number, at: number) => {
    const limit = Math.min(longEnough, base.length - place, target.length - at);
    let length = 0;
    while (length < limit && base[place + length] === target[at + length]) length += 1;
    return length;
  };

  return {
    get place() {
      return found;
    },
    find(at, expected) {
      if (at + gram > target.length) return 0;
      const bucket = targetHash(at);
      let low = starts[bucket]!;
      let high = starts[bucket + 1]!;
      if (high - low > 2 * nearby) {
        low = firstNear(low, high, expected);
        high = low + 2 * nearby;
      }
      let best = 0;
      let bestLength = 0;
      for (; low < high; low += 1) {
        const place = places[low]!;
        if (place === expected) continue;
        const length = matchLength(place, at);
        const score = length - bitsOf(place - expected) / 2;
        if (length < gram || (bestLength > 0 && score <= best)) continue;
        best = score;
        bestLength = length;
        found = place;
      }
      return bestLength;
    },
  };
}
