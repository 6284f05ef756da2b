import { bitsOf, gram, indexBase } from './patch-index.ts';

/** One step of a patch: bytes that are like those of the base from `place`, then bytes like nothing there. */
export type PatchStep = { place: number; difference: number; extra: number };

/** Base and target are the same for so many bytes: no better match is looked for meanwhile. */
const sameEnough = 32;

/** A match must save so many bytes beside what its distance costs, which is half a byte for each bit of it. */
const leastGain = 4;

/** A place in the target with the place in the base that it is laid against. */
type Anchor = { at: number; place: number };

/** The number of bytes for which base and target agree from these places on. */
function sameFor(base: Uint8Array, target: Uint8Array, { at, place }: Anchor): number {
  const limit = Math.min(target.length - at, base.length - place);
  let length = 0;
  while (length < limit && base[place + length] === target[at + length]) length += 1;
  return length;
}

/**
 * How far from an anchor, at most `limit` bytes in the given direction, more than half of the bytes agree; the
 * length for which agreeing bytes outnumber the others most.
 */
function alikeFor(base: Uint8Array, target: Uint8Array, anchor: Anchor, direction: 1 | -1, limit: number) {
  // Backwards the byte before the anchor is the first.
  const start = direction === 1 ? 0 : -1;
  let score = 0;
  let best = 0;
  let length = 0;
  for (let count = 1; count <= limit; count += 1) {
    const offset = start + direction * (count - 1);
    score += base[anchor.place + offset] === target[anchor.at + offset] ? 1 : -1;
    if (score <= best) continue;
    best = score;
    length = count;
  }
  return length;
}

/** Of `length` bytes of the target claimed by two anchors, how many the first had better keep. */
function sharePoint(base: Uint8Array, target: Uint8Array, first: Anchor, second: Anchor, length: number) {
  let score = 0;
  let best = 0;
  let point = 0;
  for (let count = 0; count < length; count += 1) {
    if (base[first.place + count] === target[first.at + count]) score += 1;
    if (base[second.place + count] === target[second.at + count]) score -= 1;
    if (score <= best) continue;
    best = score;
    point = count + 1;
  }
  return point;
}

/**
 * The steps that make the target of the base, after the idea of Colin Percival's bsdiff: lay the target against
 * the base; where another place of the base agrees with the target for so much longer that going there pays,
 * go there; give the bytes between two such alignments to whichever they are like, and the rest to neither.
 * Always the same for the same bytes.
 */
export function findSteps(base: Uint8Array, target: Uint8Array): PatchStep[] {
  const index = indexBase(base, target);
  const steps: PatchStep[] = [];
  let from: Anchor = { at: 0, place: 0 };

  /** Ends the alignment of `from` where that of `next` begins, or at the end of the target. */
  const goTo = (next: Anchor | undefined) => {
    const end = next?.at ?? target.length;
    const room = end - from.at;
    let forwards = alikeFor(base, target, from, 1, Math.min(room, base.length - from.place));
    let backwards = next ? alikeFor(base, target, next, -1, Math.min(room, next.place)) : 0;
    const overlap = forwards + backwards - room;
    if (next && overlap > 0) {
      const before = forwards - overlap;
      const kept = sharePoint(
        base,
        target,
        { at: from.at + before, place: from.place + before },
        { at: next.at - backwards, place: next.place - backwards },
        overlap,
      );
      forwards = before + kept;
      backwards -= kept;
    }
    if (room - backwards > 0)
      steps.push({ place: from.place, difference: forwards, extra: room - backwards - forwards });
    if (next) from = { at: next.at - backwards, place: next.place - backwards };
  };

  /** True when the present alignment is wrong in so many of `length` bytes that another one pays. */
  const pays = (at: number, expected: number, place: number, length: number) => {
    let allowed = leastGain + bitsOf(place - expected) / 2;
    for (let offset = 0; offset < length && allowed >= 0; offset += 1)
      if (base[expected + offset] !== target[at + offset]) allowed -= 1;
    return allowed < 0;
  };

  let at = 0;
  while (at + gram <= target.length) {
    const expected = from.place + at - from.at;
    const same = sameFor(base, target, { at, place: expected });
    if (same >= sameEnough) {
      at += same;
      continue;
    }
    const length = index.find(at, expected);
    if (length > 0 && pays(at, expected, index.place, length)) {
      goTo({ at, place: index.place });
      at += length;
    } else at += 1;
  }
  goTo(undefined);
  return steps;
}
