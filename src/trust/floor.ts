import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import { Fields, recordTime } from '../base/fields.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { day } from './roles.ts';

/**
 * The floor of time: a moment that has certainly passed, kept on disk, because the clock of a laptop without
 * a battery says 1970. It rises only by the times at which things were signed, and no single signer is believed
 * far: an origin whose clock says 2099 must lock nobody out.
 *
 * The file is one JSON object: `satchel` ("floor"), `format` 1, `floor` (UTC), `evidence` (for each
 * `witness` the latest time `issued`), `loweredBy` (version of the last root that lowered the floor; 0 for none).
 */

/** Who vouches for a time. `online` is all online roles together: one machine and one clock sign them. */
export type TimeWitness = 'root' | 'targets' | 'builds' | 'online' | (string & {});

/** A signed statement that it was `issued` (milliseconds since 1970) when `witness` signed. */
export type TimeEvidence = { readonly witness: TimeWitness; readonly issued: number };

/** How far one signer may raise the floor beyond what the others vouch for. */
export const largestRaise = 400 * day;

export interface TimeFloor {
  /** The floor, milliseconds since 1970; 0 while nothing signed has been seen. */
  value(): number;
  /** The time to judge everything against: the clock, or the floor if that is later. */
  now(): number;
  /** How far the clock is behind the floor, in milliseconds; 0 when it is not. */
  clockBehind(): number;
  /** Takes in issue times whose signatures have been verified. */
  raise(evidence: readonly TimeEvidence[], limits?: RaiseLimits): void;
  /** A verified root of this version lowers the floor, once. */
  lower(rootVersion: number, to: number): void;
}

/** What keeps a statement from being believed too far. */
export type RaiseLimits = {
  /** What other signers have said and is still held, in case the file of the floor was lost. */
  readonly held?: readonly TimeEvidence[];
  /**
   * The earliest expiry of metadata signed offline. The floor stays below it, because the statement of one
   * signer must not end what another has signed; the device's clock alone can do that.
   */
  readonly notBeyond?: number;
};

type FloorState = { floor: number; loweredBy: number; evidence: Map<string, number> };

/** Opens the floor in a file. A file that is missing or damaged counts as no floor: it blocks nothing. */
export function openTimeFloor(file: string, clock: Clock): TimeFloor {
  let state = readState(file);
  const save = (next: FloorState) => {
    if (serialise(next) === serialise(state)) return;
    withSystemErrors('mkdir', file, () => mkdirSync(dirname(file), { recursive: true }));
    writeFileAtomic(file, serialise(next));
    state = next;
  };
  return {
    value: () => state.floor,
    now: () => Math.max(clock(), state.floor),
    clockBehind: () => Math.max(0, state.floor - clock()),
    raise(evidence, { held = [], notBeyond = Number.POSITIVE_INFINITY } = {}) {
      const known = new Map([
        ...held.map(({ witness, issued }) => [witness, issued] as const),
        ...state.evidence,
      ]);
      for (const { witness, issued } of evidence) known.set(witness, issued);
      let { floor } = state;
      for (const { witness, issued } of evidence) {
        const others = [...known].filter(([other]) => other !== witness).map(([, time]) => time);
        floor = Math.max(floor, Math.min(believable(issued, others), notBeyond - 1000));
      }
      save({ ...state, floor, evidence: known });
    },
    lower(rootVersion, to) {
      if (rootVersion <= state.loweredBy) return;
      const evidence = new Map([...state.evidence].filter(([, issued]) => issued <= to));
      save({ floor: Math.min(state.floor, to), loweredBy: rootVersion, evidence });
    },
  };
}

/**
 * How much of a stated time to believe: at most 400 days beyond the newest time that the others vouch for.
 * One of them that is itself 400 days ahead of all earlier ones vouches for nothing, so that two signers who
 * share one wrong clock do not support each other.
 */
function believable(issued: number, others: readonly number[]): number {
  if (others.length === 0) return issued;
  const sorted = [...others].sort((a, b) => a - b);
  const supported = sorted.reduce((time, next) => (next <= time + largestRaise ? next : time));
  return Math.min(issued, supported + largestRaise);
}

function readState(file: string): FloorState {
  const bytes = readFileIfThere(file);
  try {
    if (bytes !== undefined) return parseState(bytes, file);
  } catch (error) {
    if (!(error instanceof SatchelError)) throw error;
  }
  return { floor: 0, loweredBy: 0, evidence: new Map() };
}

function parseState(bytes: Uint8Array, file: string): FloorState {
  const fields = Fields.parse(bytes, file);
  const evidence = fields
    .list('evidence')
    .map((item) => [item.text('witness'), Date.parse(item.time('issued'))] as const);
  return {
    floor: Date.parse(fields.time('floor')),
    loweredBy: fields.count('loweredBy'),
    evidence: new Map(evidence),
  };
}

function serialise({ floor, loweredBy, evidence }: FloorState): string {
  const times = [...evidence].map(([witness, issued]) => ({ witness, issued: recordTime(issued) }));
  return `${JSON.stringify({ satchel: 'floor', format: 1, floor: recordTime(floor), evidence: times, loweredBy })}\n`;
}
