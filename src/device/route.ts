import type { BuildName, Sha256 } from '../base/identifiers.ts';
import type { Way } from '../plan/ways.ts';
import type { DeltaReference, DeltasRecord } from '../repository/records.ts';
import type { Spool } from './spool.ts';

/** A build between: what a chain of two deltas passes through. */
export type Between = {
  readonly name: BuildName;
  /** SHA-256 of its uncompressed index. */
  readonly index: Sha256;
  readonly deltas: DeltasRecord;
  /** The delta that leads to it. */
  readonly reference: DeltaReference;
};

/** One delta, or two in a row, with its price by the signed sizes. */
export type Route = Pick<Way, 'bytes' | 'requests' | 'roundTrips' | 'memory'> & {
  /** The delta that leads to the wanted build. */
  readonly reference: DeltaReference;
  /** Bytes of disk that applying takes beside the trees. */
  readonly scratch: number;
  readonly between?: Between;
};

/** What is still to be received of deltas: the head of each comes first and is asked for by itself. */
export function costOfDeltas(
  spool: Spool,
  links: readonly DeltaReference[],
): Pick<Way, 'bytes' | 'requests' | 'roundTrips'> {
  let [bytes, requests] = [0, 0];
  for (const { stored, head, length } of links) {
    const gaps = [
      ...spool.missing(stored, { start: 0, end: head.length }),
      ...spool.missing(stored, { start: head.length, end: length }),
    ];
    requests += gaps.length;
    for (const { start, end } of gaps) bytes += end - start;
  }
  return { bytes, requests, roundTrips: requests };
}
