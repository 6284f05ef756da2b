import { type ElfFile, type ElfSection, type ElfSegment, readElf } from './elf.ts';
import { findSteps, type PatchStep } from './patch-steps.ts';
import { changeOf, positionFinder } from './position-finder.ts';
import { type Area, type AreaKind, visitReferences } from './references.ts';
import { addressLimit, knownAddresses, mostAreas, mostShifts, type Relocation } from './relocation.ts';
import { createVotes, type Votes } from './shift-votes.ts';

/**
 * How the addresses in an old ELF file have to change towards a new one; undefined when there is nothing to gain
 * or one of them is no such file. `placeInFile` says where a byte of `target` stands in the whole new file.
 */
export function findProgramRelocation(
  base: Uint8Array,
  target: Uint8Array,
  placeInFile: (position: number) => number,
): Relocation | undefined {
  const from = readElf(base);
  const to = readElf(target);
  if (from === undefined || to === undefined || from.sections.length === 0) return undefined;
  const areas = areasOf(from);
  const first = firstReferred(from);
  if (areas.length === 0 || areas.length > mostAreas || first === undefined) return undefined;
  const end = Math.max(...from.segments.map(({ address, memoryLength }) => address + memoryLength));
  if (!(first < end && end - first <= largestProgram)) return undefined;
  if ([end, ...areas.map(({ address }) => address)].some((address) => address >= addressLimit))
    return undefined;
  const votes = createVotes(first, end);
  const steps = findSteps(base, target);
  const shiftAt = (place: number, position: number) => {
    const before = addressOf(from.segments, place);
    const after = addressOf(to.segments, placeInFile(position));
    return before === undefined || after === undefined ? undefined : after - before;
  };
  collectVotes({ base, target, areas, steps, shiftAt, votes, known: knownAddresses(areas, first, end) });
  const shifts = votes.runs().map(({ address, shift }) => ({ address, shift }));
  const isUseful = shifts.length <= mostShifts && shifts.some(({ shift }) => shift !== 0);
  return isUseful ? { areas, shifts, end } : undefined;
}

/** Votes take as many bytes of memory as the program. */
const largestProgram = 64 * 1024 * 1024;

const sectionTypes = { bits: 1, relocations: 4, symbols: 11, initialisers: 14, finalisers: 15, dynamic: 6 };
const pointerTypes = [
  sectionTypes.initialisers,
  sectionTypes.finalisers,
  sectionTypes.dynamic,
  sectionTypes.bits,
];

function kindOf(section: ElfSection, isFixed: boolean): AreaKind | undefined {
  const { name, type } = section;
  if (section.isCode) return isFixed ? 'absolute-code' : 'code';
  if (type === sectionTypes.relocations) return 'pointers';
  if (type === sectionTypes.symbols) return 'symbols';
  if (name === '.eh_frame_hdr') return 'relative-to-area';
  if (name === '.eh_frame') return 'frames';
  if (section.isWritable && pointerTypes.includes(type)) return 'pointers';
  if (name === '.rodata') return isFixed ? 'pointers' : 'jump-tables';
  return undefined;
}

function areasOf({ sections, isFixed }: ElfFile): Area[] {
  const areas: Area[] = [];
  for (const section of sections) {
    const kind = kindOf(section, isFixed);
    const previous = areas.at(-1);
    if (kind === undefined || (previous !== undefined && section.offset < previous.start + previous.length))
      continue;
    if (previous !== undefined && isContinued(previous, kind, section))
      areas[areas.length - 1] = { ...previous, length: section.offset + section.length - previous.start };
    else areas.push({ kind, start: section.offset, length: section.length, address: section.address });
  }
  return areas;
}

/** Small gaps between sections of one kind hold nothing. */
function isContinued({ kind, start, length, address }: Area, nextKind: AreaKind, next: ElfSection): boolean {
  const canGrow = kind === 'code' || kind === 'absolute-code' || kind === 'pointers';
  const isAside = next.offset - start === next.address - address && next.offset - start - length < 64;
  return canGrow && kind === nextKind && isAside;
}

/** Code, data and constants are referred to; numbers below them are lengths rather than addresses. */
function firstReferred({ sections }: ElfFile): number | undefined {
  const referred = sections.filter(
    ({ isCode, isWritable, name }) => isCode || isWritable || name === '.rodata',
  );
  return referred.length === 0 ? undefined : Math.min(...referred.map(({ address }) => address));
}

function addressOf(segments: readonly ElfSegment[], place: number): number | undefined {
  for (const { offset, address, fileLength } of segments)
    if (place >= offset && place < offset + fileLength) return address + place - offset;
  return undefined;
}

type Evidence = {
  readonly base: Uint8Array;
  readonly target: Uint8Array;
  readonly areas: readonly Area[];
  readonly steps: readonly PatchStep[];
  readonly shiftAt: (place: number, position: number) => number | undefined;
  readonly votes: Votes;
  readonly known: ReturnType<typeof knownAddresses>;
};

/**
 * Compares each reference of the base with what stands in its place in the target: the difference says how far
 * what it leads to moved, when it is known how far the reference itself moved.
 */
function collectVotes({ base, target, areas, steps, shiftAt, votes, known }: Evidence): void {
  const content = Buffer.from(base.buffer, base.byteOffset, base.byteLength);
  const made = Buffer.from(target.buffer, target.byteOffset, target.byteLength);
  const positionOf = positionFinder(base.length, steps);
  for (const area of areas) {
    visitReferences(content, area, known, (at, referred, origin, { length, unit }) => {
      const position = positionOf(at);
      if (position === undefined || position + length > made.length) return;
      const moved = shiftAt(at, position);
      if (moved === undefined) return;
      votes.add(area.address + at - area.start, moved);
      const change = changeOf(content, at, made, position, length) * unit;
      votes.add(referred, change + (origin === undefined ? 0 : moved));
    });
  }
}
