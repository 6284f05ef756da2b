/** Bytes that an anchor looks back at: each step shifts its 32 bits by two. */
const window = 16;

/** One position in so many is an anchor; a power of two. */
const anchorDistance = 128;

/** Marks anchors that stand in several objects and so say nothing. */
const several = -2;
const none = -1;

/** A number for each byte value, as different in all bits as multiplying makes them. */
const gear = Int32Array.from({ length: 256 }, (_, value) => {
  const mixed = Math.imul(value + 1, 0x9e3779b1);
  return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
});

/** Which objects of a large file hold which short runs of bytes, one in some hundred of them. */
export type Sketch = {
  /** Adds the object with the next number. */
  add(content: Uint8Array): void;
  /** For each object how many anchors of `content` it alone holds. */
  countShared(content: Uint8Array): Uint32Array;
};

/** An empty sketch for `length` bytes in all. Takes about a tenth of that as memory. */
export function createSketch(length: number): Sketch {
  const bits = Math.max(10, Math.ceil(Math.log2((4 * length) / anchorDistance + 1)));
  const owners = new Int32Array(2 ** bits).fill(none);
  let count = 0;
  const slotOf = (state: number) => Math.imul(state, 0x9e3779b1) >>> (32 - bits);
  return {
    add(content) {
      const number = count++;
      visitAnchors(content, (state) => {
        const slot = slotOf(state);
        const owner = owners[slot]!;
        if (owner === none) owners[slot] = number;
        else if (owner !== number) owners[slot] = several;
      });
    },
    countShared(content) {
      const shared = new Uint32Array(count);
      visitAnchors(content, (state) => {
        const owner = owners[slotOf(state)]!;
        if (owner >= 0) shared[owner]! += 1;
      });
      return shared;
    },
  };
}

/** Anchors stand where the content says, so that they are found again wherever it was moved. */
function visitAnchors(content: Uint8Array, visit: (state: number) => void): void {
  let state = 0;
  for (let at = 0; at < content.length; at += 1) {
    state = ((state << 2) + gear[content[at]!]!) | 0;
    if (state >>> 0 < 2 ** 32 / anchorDistance && at >= window) visit(state);
  }
}
