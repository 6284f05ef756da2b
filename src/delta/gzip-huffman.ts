/** A prefix code of deflate (RFC 1951, section 3.2.2) for symbols 0 to `last`. */
export type PrefixCode = {
  /** Length of each symbol's code in bits; 0 for a symbol that has none. */
  readonly lengths: Uint8Array;
  /** Each symbol's code, first bit lowest, as deflate sends it. */
  readonly codes: Uint16Array;
  /** The highest symbol with a code. */
  readonly last: number;
};

const longestCode = 15;

/** The canonical codes for given lengths. */
export function prefixCode(lengths: Uint8Array): PrefixCode {
  const counts = new Uint16Array(longestCode + 1);
  for (const length of lengths) if (length > 0) counts[length]! += 1;
  const next = new Uint16Array(longestCode + 1);
  for (let length = 1; length <= longestCode; length++) {
    next[length] = (next[length - 1]! + counts[length - 1]!) << 1;
  }
  const codes = new Uint16Array(lengths.length);
  let last = 0;
  lengths.forEach((length, symbol) => {
    if (length === 0) return;
    codes[symbol] = reversed(next[length]!++, length);
    last = symbol;
  });
  return { lengths, codes, last };
}

function reversed(code: number, length: number): number {
  let turned = 0;
  for (let bit = 0; bit < length; bit++) turned |= ((code >> bit) & 1) << (length - 1 - bit);
  return turned;
}

/**
 * The prefix code that gzip and zlib give symbols of these frequencies. Many codes are equally short; which one it
 * is depends on how ties are broken (a shallower tree first, then the order of a binary heap) and on how codes that
 * came out longer than `limit` bits are shortened, so both are kept to here.
 */
export function huffmanCode(frequencies: Uint32Array, limit: number): PrefixCode {
  return prefixCode(shortened(mergeInPairs(frequencies), frequencies.length, limit));
}

type Tree = {
  /** For each node its parent; nodes from the number of symbols on are inner ones. */
  parents: Uint16Array;
  /** All nodes, in the order in which they were taken from the heap: the rarest first, the root last. */
  order: number[];
};

/** Merges the two rarest nodes until one is left. */
function mergeInPairs(frequencies: Uint32Array): Tree {
  const symbols = frequencies.length;
  const weights = new Uint32Array(symbols * 2);
  weights.set(frequencies);
  const heap = createHeap(weights);
  for (const symbol of usedSymbols(weights, symbols)) heap.append(symbol);
  heap.arrange();
  const parents = new Uint16Array(symbols * 2);
  const order: number[] = [];
  for (let node = symbols; heap.size() > 1; node++) {
    const rarest = heap.removeFirst();
    const second = heap.first();
    order.push(rarest, second);
    weights[node] = weights[rarest]! + weights[second]!;
    parents[rarest] = node;
    parents[second] = node;
    heap.replaceFirst(node, rarest, second);
  }
  order.push(heap.first());
  return { parents, order };
}

/** Symbols that occur; deflate wants at least two, so rare ones beside them are added. */
function usedSymbols(weights: Uint32Array, symbols: number): number[] {
  const used: number[] = [];
  for (let symbol = 0; symbol < symbols; symbol++) if (weights[symbol] !== 0) used.push(symbol);
  let last = used.at(-1) ?? -1;
  while (used.length < 2) {
    const added = last < 2 ? ++last : 0;
    weights[added] = 1;
    used.push(added);
  }
  return used;
}

/** A binary heap of nodes, the rarest first; of equally rare ones the one with the shallower tree. */
function createHeap(weights: Uint32Array) {
  const nodes = [0];
  const depths = new Uint8Array(weights.length);
  const comesFirst = (a: number, b: number) =>
    weights[a]! < weights[b]! || (weights[a] === weights[b] && depths[a]! <= depths[b]!);

  const sink = (start: number) => {
    const node = nodes[start]!;
    let place = start;
    for (let child = place * 2; child < nodes.length; child = place * 2) {
      if (child + 1 < nodes.length && comesFirst(nodes[child + 1]!, nodes[child]!)) child += 1;
      if (comesFirst(node, nodes[child]!)) break;
      nodes[place] = nodes[child]!;
      place = child;
    }
    nodes[place] = node;
  };

  return {
    size: () => nodes.length - 1,
    first: () => nodes[1]!,
    append: (node: number) => void nodes.push(node),
    arrange() {
      for (let place = this.size() >> 1; place > 0; place--) sink(place);
    },
    removeFirst() {
      const first = nodes[1]!;
      nodes[1] = nodes.pop()!;
      sink(1);
      return first;
    },
    replaceFirst(node: number, left: number, right: number) {
      depths[node] = Math.max(depths[left]!, depths[right]!) + 1;
      nodes[1] = node;
      sink(1);
    },
  };
}

/** Code lengths of the symbols of a tree, none above `limit`. */
function shortened({ parents, order }: Tree, symbols: number, limit: number): Uint8Array {
  const lengths = new Uint8Array(parents.length);
  const counts = new Uint16Array(limit + 1);
  let tooLong = 0;
  for (let place = order.length - 2; place >= 0; place--) {
    const node = order[place]!;
    const wanted = lengths[parents[node]!]! + 1;
    if (wanted > limit) tooLong += 1;
    lengths[node] = Math.min(wanted, limit);
    if (node < symbols) counts[lengths[node]!]! += 1;
  }
  if (tooLong > 0) shareOut(counts, tooLong, order, symbols, lengths);
  return lengths.subarray(0, symbols);
}

/** Makes room for codes cut to the limit by lengthening shorter ones, then gives the rarest symbols the longest. */
function shareOut(
  counts: Uint16Array,
  tooLong: number,
  order: readonly number[],
  symbols: number,
  lengths: Uint8Array,
): void {
  const limit = counts.length - 1;
  for (let left = tooLong; left > 0; left -= 2) {
    let length = limit - 1;
    while (counts[length] === 0) length -= 1;
    counts[length]! -= 1;
    counts[length + 1]! += 2;
    counts[limit]! -= 1;
  }
  const rarestFirst = order.filter((node) => node < symbols).values();
  for (let length = limit; length > 0; length--) {
    for (let count = counts[length]!; count > 0; count--) lengths[rarestFirst.next().value!] = length;
  }
}
