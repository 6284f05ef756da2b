import type { BitCoder } from './bit-coder.ts';
import { createBitMixer } from './bit-mixer.ts';

/**
 * Codes the differences of a patch. In programs what differs is mostly an address inside an instruction or a
 * table, so whether a byte changed shows in the base around it, and by how much in the changes before it.
 */
export type DifferenceModel = {
  /**
   * Codes the differences from the base at `place`: an encoder reads them from `changes`, a decoder needs
   * zeroes there and writes them.
   */
  code(changes: Uint8Array, place: number): void;
};

/** Bytes of memory that a model takes at most. */
export const differenceModelMemory = 18 * 1024 * 1024;

/** Differences are coded in blocks of so many: for one of nothing but zeroes a single bit does. */
const block = 32;

/** Contexts that foretell each bit. */
const inputs = 7;

/** A context for each of the chances of a block: which of the last ten blocks had changes. */
const blockContexts = 1024;

/** Differences remembered, to see repetitions in tables of 8, 16 or 24 bytes a row. A power of two. */
const remembered = 32;

/** Steps of nearness of the last change: exact up to 23 bytes, then by powers of two. */
const nearness = (distance: number) => (distance < 24 ? distance : 51 - Math.clz32(distance));

/**
 * A new model for `length` differences from `base`: it has learnt nothing yet. `coder` decides whether it
 * encodes or decodes. Takes up to 140 bytes of memory for each difference (70 KB at least), and never more than
 * `differenceModelMemory`.
 */
export function createDifferenceModel(base: Uint8Array, length: number, coder: BitCoder): DifferenceModel {
  const bits = Math.min(18, Math.max(10, 32 - Math.clz32(length)));
  const isChange = createBitMixer(inputs, bits, 64);
  const digit = createBitMixer(inputs, bits, 17 * 16);
  const rows = new Int32Array(inputs);
  const mask = 2 ** bits - 1;
  const blockChances = new Float64Array(blockContexts).fill(0.5);
  const past = new Uint8Array(remembered);
  let turn = 0;
  let blockHistory = 0;
  let history = 0;
  let distance = 0;
  let lastChanges = 0;

  const slotOf = (context: number, salt: number) => {
    const mixed = Math.imul(context, 0x9e3779b1) ^ Math.imul(salt, 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) & mask;
  };

  /** The byte of the base at a place and the one before it; the one after it. */
  const before = (place: number) => base[place]! | ((place > 0 ? base[place - 1]! : 0) << 8);
  const after = (place: number) => (place + 1 < base.length ? base[place + 1]! : 0);
  /** The change so many rows of eight bytes earlier. */
  const ago = (rows: number) => past[(turn - 8 * rows) & (remembered - 1)]!;

  const codeIsChange = (place: number, bit: number) => {
    const near = nearness(distance);
    const pair = before(place);
    const { slots } = isChange;
    slots[0] = slotOf(history & 0xffff, 1);
    slots[1] = slotOf((near << 8) | (lastChanges & 0xff), 2);
    slots[2] = slotOf(pair | ((place > 1 ? base[place - 2]! : 0) << 16), (history & 7) + 3);
    slots[3] = slotOf(pair | (after(place) << 16), (history & 15) + 30);
    slots[4] = slotOf(lastChanges & 0xffff, near + 700);
    slots[5] = slotOf(ago(3) | (ago(1) << 8) | (ago(2) << 16), (history & 3) + 900);
    slots[6] = slotOf(pair | (Math.min(distance, 15) << 16), 7);
    return isChange.code(coder, near, bit);
  };

  /** Codes four bits; the slots of one context for them lie side by side, where the processor finds them fast. */
  const codeNibble = (weights: number, nibble: number) => {
    const { slots } = digit;
    for (let input = 0; input < inputs; input += 1) rows[input] = slots[input]! & ~15;
    let node = 1;
    for (let shift = 3; shift >= 0; shift -= 1) {
      for (let input = 0; input < inputs; input += 1) slots[input] = rows[input]! | node;
      node = 2 * node + digit.code(coder, weights | node, (nibble >> shift) & 1);
    }
    return node & 15;
  };

  const setChangeSlots = (place: number, salt: number) => {
    const near = Math.min(distance, 4) << 16;
    const last = lastChanges & 0xff;
    const { slots } = digit;
    slots[0] = slotOf(last, salt + 1);
    slots[1] = slotOf((lastChanges & 0xffff) | near, salt + 2);
    slots[2] = slotOf(lastChanges & 0xff_ffff, salt + 3);
    slots[3] = slotOf(before(place) | near, salt + 4);
    slots[4] = slotOf(base[place]! | (last << 8) | near, salt + 5);
    slots[5] = slotOf(ago(3) | (ago(1) << 8) | near, salt + 6);
    slots[6] = slotOf(base[place]! | (after(place) << 8) | near, salt + 7);
  };

  const codeChange = (place: number, value: number) => {
    setChangeSlots(place, 0);
    const high = codeNibble(0, value >> 4);
    setChangeSlots(place, 8 * (high + 1));
    return (high << 4) | codeNibble((high + 1) << 4, value & 15);
  };

  const codeHasChanges = (bit: number) => {
    const context = blockHistory % blockContexts;
    const chance = blockChances[context]!;
    const coded = coder.code(bit, Math.min(65_000, Math.max(40, Math.floor(chance * 65_536))));
    blockChances[context] = chance + (coded - chance) / 50;
    blockHistory = ((blockHistory << 1) | coded) & 0xffff;
    return coded;
  };

  /** Passes over a block without changes. */
  const skip = (count: number) => {
    distance += count;
    history = count < 16 ? history << count : 0;
    for (let skipped = 0; skipped < count; skipped += 1) past[turn++ & (remembered - 1)] = 0;
  };

  const codeBlock = (changes: Uint8Array, start: number, end: number, place: number) => {
    for (let at = start; at < end; at += 1) {
      const here = place + at;
      const changed = codeIsChange(here, changes[at] === 0 ? 0 : 1);
      const value = changed === 1 ? codeChange(here, changes[at]!) : 0;
      changes[at] = value;
      past[turn++ & (remembered - 1)] = value;
      history = (history << 1) | changed;
      distance = changed === 1 ? 0 : distance + 1;
      if (changed === 1) lastChanges = (lastChanges << 8) | value;
    }
  };

  return {
    code(changes, place) {
      for (let start = 0; start < changes.length; start += block) {
        const end = Math.min(changes.length, start + block);
        let any = 0;
        for (let at = start; at < end; at += 1) if (changes[at] !== 0) any = 1;
        if (codeHasChanges(any) === 1) codeBlock(changes, start, end, place);
        else skip(end - start);
      }
    },
  };
}
