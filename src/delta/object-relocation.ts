import { isObject, sectionStarts, visitObject } from './object-references.ts';
import { findSteps } from './patch-steps.ts';
import { changeOf, positionFinder } from './position-finder.ts';
import { mostShifts, type Relocation, relocate, type Shift } from './relocation.ts';
import { createVotes, type ShiftRun } from './shift-votes.ts';

/** Tables of unwinding are all alike until their references are right: what was found first finds more. */
const rounds = 2;

/**
 * How the references in an old ELF file that is still to be linked have to change towards a new one; undefined when
 * there is nothing to gain or it is no such file.
 */
export function findObjectRelocation(base: Uint8Array, target: Uint8Array): Relocation | undefined {
  const content = Buffer.from(base.buffer, base.byteOffset, base.byteLength);
  const made = Buffer.from(target.buffer, target.byteOffset, target.byteLength);
  if (!isObject(content) || !isObject(made)) return undefined;
  let relocation: Relocation | undefined;
  for (let round = 0; round < rounds; round += 1) {
    const next = relocationFrom(content, made, relocated(content, relocation));
    if (next === undefined) return relocation;
    relocation = next;
  }
  return relocation;
}

function relocated(content: Buffer, relocation: Relocation | undefined): Buffer {
  if (relocation === undefined) return content;
  const copy = Buffer.from(content);
  relocate(copy, relocation);
  return copy;
}

/** What references show, when those of `content` went to `made` as the bytes of `likened` did. */
function relocationFrom(content: Buffer, made: Buffer, likened: Buffer): Relocation | undefined {
  const positionOf = positionFinder(content.length, findSteps(likened, made));
  const votes = createVotes(0, content.length);
  visitObject(content, (at, referred, _origin, { length, unit }) => {
    const position = positionOf(at);
    if (position === undefined || position + length > made.length) return;
    votes.add(referred, changeOf(content, at, made, position, length) * unit);
  });
  const starts = sectionStarts(content);
  const shifts = continued(votes.runs(starts), starts);
  if (shifts.length === 0 || shifts.length > mostShifts) return undefined;
  const area = { kind: 'object', start: 0, length: content.length, address: 0 } as const;
  return { areas: [area], shifts, end: content.length };
}

/** Nothing at the start of a section is moved in relation to it. */
function continued(runs: readonly ShiftRun[], starts: readonly number[]): Shift[] {
  const shifts: Shift[] = [];
  let section = 0;
  let atStart = 0;
  let last = 0;
  for (const { address, shift } of runs) {
    for (; section < starts.length && starts[section]! <= address; section += 1) {
      // References are relative to where their section starts, so that the shift there may go on from before.
      atStart = last;
    }
    if (atStart + shift === last) continue;
    last = atStart + shift;
    shifts.push({ address, shift: last });
  }
  return shifts;
}
