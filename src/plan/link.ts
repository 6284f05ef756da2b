import type { Way } from './ways.ts';

/** What a link was like when content last came over it. */
export type LinkRate = {
  readonly bytesPerSecond: number;
  /** Seconds from a request to the first byte of its answer. */
  readonly roundTrip: number;
};

/**
 * How long receiving takes at the measured rate, in seconds: the requests that wait for each other, a round trip each,
 * and the bytes. Unpacking and writing go on meanwhile and are not in it. Undefined before the first measurement.
 */
export function expectedSeconds(
  { bytes, roundTrips }: Pick<Way, 'bytes' | 'roundTrips'>,
  link: LinkRate | undefined,
): number | undefined {
  if (link === undefined) return undefined;
  return roundTrips * link.roundTrip + bytes / link.bytesPerSecond;
}

/** A new measurement counts as much as everything before it: one slow evening does not spoil the expectation. */
export function blendRates(before: LinkRate | undefined, now: LinkRate): LinkRate {
  if (before === undefined) return now;
  return {
    bytesPerSecond: (before.bytesPerSecond + now.bytesPerSecond) / 2,
    roundTrip: (before.roundTrip + now.roundTrip) / 2,
  };
}
