import type { BitCoder } from './bit-coder.ts';

/**
 * Codes bits whose chance several contexts foretell. Each context remembers how often a bit was 1 after it; what
 * they say is weighed (logistic mixing, after Matt Mahoney's PAQ), and the weights follow who was right.
 *
 * Encoder and decoder must compute the same to the last bit on every machine: only additions, multiplications
 * and divisions of doubles, which IEEE 754 fixes, and no function of `Math` that may differ.
 */
export type BitMixer = {
  /** The slots of the contexts of the next bit, one for each input; set them before `code`. */
  readonly slots: Int32Array;
  /** Codes one bit (see `BitCoder`) with the weights of set `set`, and learns from it. */
  code(coder: BitCoder, set: number, bit: number): number;
};

/** Logits are kept within these bounds, in steps of so many to one. */
const bound = 12;
const steps = 128;

/** e^x for 0 ≤ x ≤ 1/steps. */
function smallExponential(x: number): number {
  let sum = 1;
  let term = 1;
  for (let count = 1; count < 12; count += 1) {
    term = (term * x) / count;
    sum += term;
  }
  return sum;
}

/** The logistic function at each step from −bound to bound, and one beyond. */
const chances = (() => {
  const table = new Float64Array(2 * bound * steps + 2);
  const growth = smallExponential(1 / steps);
  let power = 1;
  for (let step = 0; step <= bound * steps + 1; step += 1) {
    const at = bound * steps;
    if (at + step < table.length) table[at + step] = 1 - 1 / (1 + power);
    if (step <= at) table[at - step] = 1 / (1 + power);
    power *= growth;
  }
  return table;
})();

/** Its inverse at 4096 chances, found by walking up the other table. */
const logits = (() => {
  const table = new Float64Array(4096);
  let step = 0;
  for (let index = 0; index < table.length; index += 1) {
    const chance = (index + 0.5) / table.length;
    while (chances[step + 1]! < chance) step += 1;
    const within = (chance - chances[step]!) / (chances[step + 1]! - chances[step]!);
    table[index] = (step + within) / steps - bound;
  }
  return table;
})();

/** A context counts so far, and then forgets slowly. */
const longestMemory = 60;

/** How much of what is new a context takes over after it has seen so many bits. */
const haste = Float64Array.from({ length: longestMemory + 1 }, (_, seen) => 1 / (seen + 1.6));

/** How fast the weights move. */
const learning = 0.02;

/** No context is ever quite sure. */
const leastChance = 0.0001;

/**
 * A mixer of `inputs` contexts, each with 2^bits slots, and `sets` sets of weights. Takes 5 bytes of memory for
 * each slot.
 */
export function createBitMixer(inputs: number, bits: number, sets: number): BitMixer {
  const size = 2 ** bits;
  const memory = new Float32Array(inputs * size).fill(0.5);
  const seen = new Uint8Array(inputs * size);
  const weights = new Float64Array(inputs * sets).fill(0.35);
  const slots = new Int32Array(inputs);
  const opinions = new Float64Array(inputs);

  /** What all contexts together say, as the chance of a 1. */
  const foretell = (first: number) => {
    let sum = 0;
    for (let input = 0; input < inputs; input += 1) {
      const opinion = logits[Math.floor(memory[input * size + slots[input]!]! * 4096)]!;
      opinions[input] = opinion;
      sum += opinion * weights[first + input]!;
    }
    const place = (Math.min(11.9, Math.max(-11.9, sum)) + bound) * steps;
    const step = Math.floor(place);
    return chances[step]! + (chances[step + 1]! - chances[step]!) * (place - step);
  };

  const learn = (first: number, bit: number, chance: number) => {
    const error = (bit - chance) * learning;
    for (let input = 0; input < inputs; input += 1) {
      weights[first + input]! += error * opinions[input]!;
      const slot = input * size + slots[input]!;
      const count = seen[slot]!;
      const moved = memory[slot]! + (bit - memory[slot]!) * haste[count]!;
      memory[slot] = Math.min(1 - leastChance, Math.max(leastChance, moved));
      if (count < longestMemory) seen[slot] = count + 1;
    }
  };

  return {
    slots,
    code(coder, set, bit) {
      const first = set * inputs;
      const chance = foretell(first);
      const coded = coder.code(bit, Math.min(65_534, Math.max(2, Math.floor(chance * 65_536))));
      learn(first, coded, chance);
      return coded;
    },
  };
}
