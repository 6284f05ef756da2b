import { type Laptop, type LaptopTime, never } from './laptop.ts';
import { type ClockReset, clockResetMessage, type Delegation, serialiseRecord } from './records.ts';
import { type SignOptions, signRecord, signThrough } from './signature-chain.ts';
import type { Signer } from './signer-type.ts';

/** What a clock says, how often the laptop has kept its time so far, and what the clock is to say. */
export type ClockResetOrder = {
  readonly current: LaptopTime;
  readonly count: number;
  readonly next: LaptopTime;
  readonly signer: Signer;
  /** The delegation to the key, when the laptop does not trust it by itself. */
  readonly delegation?: Delegation | undefined;
};

/** The largest count: it has ten digits. */
export const mostCount = 9_999_999_999;

/**
 * Makes the record that sets the clock of a laptop: an `rtc01` line with its line feed. It is good for the moment that
 * `current` names alone, so its own signature never ends. Throws what the signer throws.
 */
export async function makeClockReset(
  laptop: Laptop,
  { current, count, next, signer, delegation }: ClockResetOrder,
  options?: SignOptions,
): Promise<string> {
  const { serial } = laptop;
  const fields = { current, count: String(count).padStart(10, '0'), next };
  const message = clockResetMessage(laptop, fields);
  const signature: ClockReset['signature'] =
    delegation === undefined
      ? await signRecord(signer, message, options)
      : await signThrough(delegation.signature, signer, message, { serial, expiry: never }, options);
  return `${serialiseRecord({ type: 'rtc01', serial, ...fields, signature })}\n`;
}
