import type { PowerStep } from './power-machine.ts';

/** One cut, and what became of it. */
export type CutRecord = {
  readonly kind: string;
  /** Where it fell, as the guest told it last. */
  readonly step: PowerStep;
  /** How long the step had taken. */
  readonly milliseconds: number;
  /** True when it fell at a request of the disk that was chosen, false when at a time. */
  readonly atRequest: boolean;
  /** The version that booted afterwards. */
  after?: string;
  /**
   * True when the loader, which does not replay the journal, still took kernel and initramfs of the version before: those
   * are complete too, and the next boot takes the right ones.
   */
  isMixed: boolean;
  /** True when that was complete and the next update succeeded. */
  survived: boolean;
};

/** What one update cost, all attempts together. */
export type Transfer = {
  readonly from: string;
  readonly to: string;
  attempts: number;
  /** Bytes that a server passed to the guest. */
  bytes: number;
  isDone: boolean;
};

/** What a run of cuts showed. */
export type CutSummary = {
  readonly made: number;
  readonly survived: number;
  readonly mixed: number;
  readonly steps: ReadonlyMap<PowerStep, number>;
  readonly updates: number;
  /** Bytes of all updates, and how many of them had been received before. */
  readonly bytes: number;
  readonly bytesTwice: number;
};

/** Adds up what machines went through. What an update needs is what the cheapest undisturbed one of its kind took. */
export function summarise(cuts: readonly CutRecord[], transfers: readonly Transfer[]): CutSummary {
  const steps = new Map<PowerStep, number>();
  for (const { step } of cuts) steps.set(step, (steps.get(step) ?? 0) + 1);
  const way = ({ from, to }: Transfer) => `${from} ${to}`;
  const needed = new Map<string, number>();
  for (const transfer of transfers)
    if (transfer.attempts === 1 && transfer.bytes > smallest)
      needed.set(way(transfer), Math.min(transfer.bytes, needed.get(way(transfer)) ?? transfer.bytes));
  let bytesTwice = 0;
  for (const transfer of transfers)
    if (transfer.attempts > 1)
      bytesTwice += Math.max(0, transfer.bytes - (needed.get(way(transfer)) ?? transfer.bytes));
  return {
    made: cuts.length,
    survived: cuts.filter(({ survived }) => survived).length,
    mixed: cuts.filter(({ isMixed }) => isMixed).length,
    steps,
    updates: transfers.length,
    bytes: transfers.reduce((sum, { bytes }) => sum + bytes, 0),
    bytesTwice,
  };
}

/** An update that fetched less had its content already. */
const smallest = 100_000;
