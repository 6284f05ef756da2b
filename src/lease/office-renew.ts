import { ahead } from '../base/ahead.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import type { LeaseEntry } from './collection.ts';
import type { Laptop, Serial } from './laptop.ts';
import { goodLines } from './office-lines.ts';
import { isSaneTime, makeLease, orderFor } from './office-make.ts';
import type { OfficeTools } from './office-signer.ts';
import type { LeaseStore } from './store.ts';

/** What a renewal did, in laptops. */
export type Renewed = {
  /** All that were looked at. */
  readonly laptops: number;
  /** New leases were made for so many, the others have one that is new enough. */
  readonly made: number;
  /** Left out, for a signed mark calls them stolen. */
  readonly stolen: number;
  /** Without a lease and without anybody who lets our key sign for them. */
  readonly refused: number;
};

export type RenewOptions = {
  readonly store: LeaseStore;
  readonly tools: OfficeTools;
  /** In order; all that the store knows when absent. */
  readonly laptops?: Iterable<Laptop> | undefined;
  readonly stolen: (serial: Serial) => Promise<boolean>;
  readonly clock: Clock;
  /** Told how many laptops have been looked at. */
  readonly onProgress?: (done: number) => void;
  readonly signal?: AbortSignal | undefined;
};

/** So many signatures are asked for at once. */
const atOnce = 16;

/** So many leases are kept together; what was made before a cancellation stays. */
const together = 10_000;

/**
 * Makes new leases for all laptops for which it is time. Throws `lease-clock-wrong`, what the signer and the store throw; what was made until
 * then is kept.
 */
export async function renewLeases(options: RenewOptions): Promise<Renewed> {
  const { store, tools, stolen, clock, onProgress = () => {}, signal } = options;
  if (!isSaneTime(clock())) throw new SatchelError('lease-clock-wrong', { time: recordTime(clock()) });
  const counts = { laptops: 0, made: 0, stolen: 0, refused: 0 };
  const renew = async (laptop: Laptop): Promise<LeaseEntry | undefined> => {
    throwIfCancelled(signal);
    const { serial } = laptop;
    counts.laptops += 1;
    if (await stolen(serial)) {
      counts.stolen += 1;
      return undefined;
    }
    const now = clock();
    const held = goodLines(store.find(serial), now);
    const order = orderFor(laptop, held?.until, { tools, store, now });
    if (order !== undefined) return { serial, lines: await makeLease(order, tools, { signal }) };
    if (held === undefined) counts.refused += 1;
    return undefined;
  };
  let made: LeaseEntry[] = [];
  const keep = async () => {
    const entries = made;
    made = [];
    if (entries.length > 0) await store.add(entries);
  };
  try {
    for await (const entry of ahead(options.laptops ?? store.laptops(), atOnce, renew)) {
      onProgress(counts.laptops);
      if (entry === undefined) continue;
      counts.made += 1;
      made.push(entry);
      if (made.length === together) await keep();
    }
  } finally {
    await keep();
  }
  return counts;
}

/** The leases that are good now of all laptops that the store knows, as for a collection; of none that is stolen. */
export async function* goodLeases({
  store,
  stolen,
  clock,
  signal,
}: Pick<RenewOptions, 'store' | 'stolen' | 'clock' | 'signal'>): AsyncGenerator<LeaseEntry> {
  const now = clock();
  for (const { serial } of store.laptops()) {
    throwIfCancelled(signal);
    if (await stolen(serial)) continue;
    const good = goodLines(store.find(serial), now);
    if (good !== undefined) yield { serial, lines: good.lines };
  }
}
