import { untilAborted } from '../base/cancel.ts';
import type { Clock } from '../base/clock.ts';
import { makeClockReset, mostCount } from './clock-reset.ts';
import { isLaptopTime, laptopTime, type Serial } from './laptop.ts';
import { goodLines } from './office-lines.ts';
import { keepMade } from './office-made.ts';
import { delegationFor, isSaneTime, type LeaseOrder, makeLease, orderFor } from './office-make.ts';
import { keepResets } from './office-resets.ts';
import { keepTools, type OfficeTools } from './office-signer.ts';
import { openLeaseStore } from './store.ts';

/** What a place says when somebody asks for the lease of a laptop. */
export type LeaseAnswer =
  /** `act01` lines, each with its line feed; the one that the laptop is to take comes first. */
  | { readonly kind: 'lease'; readonly lines: string }
  /** By a signed mark; it gets no lease until it is recovered. */
  | { readonly kind: 'stolen' }
  /** Nothing is known of it, or nothing that is good now. */
  | { readonly kind: 'none' };

/**
 * Who hands out leases at a place: port 191, OATS and the JSON API ask the same one. What it holds is given out as long
 * as it is good; where there is a key, a new lease is made when half of the time has passed.
 */
export type LeaseOffice = {
  /**
   * The lease of a laptop. What several ask for at the same time is made once. A signer that fails never keeps a laptop
   * from the lease that is here. Throws `cancelled`, and what reading the folder throws.
   */
  leaseFor(serial: Serial, options?: { readonly signal?: AbortSignal | undefined }): Promise<LeaseAnswer>;
  /** True for a laptop that a signed mark calls stolen. */
  isStolen(serial: Serial): Promise<boolean>;
  /**
   * An `rtc01` line with its line feed that sets the clock of a laptop to the present, or undefined where nobody can
   * sign that, or for a laptop that is stolen or unknown, or when too many were asked for in the last minute. `current` is what its clock says, `count` how often it has kept
   * its time so far.
   */
  clockReset(
    serial: Serial,
    current: string,
    count: number,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<string | undefined>;
  /** Writes down what was made, and gives back the key. */
  close(): Promise<void>;
};

export type LeaseOfficeOptions = {
  /** What the place holds of laptops, with the settings of the office. */
  readonly directory: string;
  /** The time of the place, which must not be before what it knows to have passed. */
  readonly clock: Clock;
  /** Whether a signed mark calls a laptop stolen. */
  readonly stolen: (serial: Serial) => boolean | Promise<boolean>;
  /** Told of a key that cannot be opened or does not sign, and of leases that cannot be written down. */
  readonly onFailure?: (error: unknown) => void;
  /** Milliseconds that a laptop with a lease waits for a newer one; a second when absent. */
  readonly patience?: number;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
};

/** More than so many signatures are not asked for at the same time. */
const mostSigning = 1000;

/** Opens the office; reads nothing yet. Leases are looked for in the folder each time, so what is taken there counts. */
export function openLeaseOffice(options: LeaseOfficeOptions): LeaseOffice {
  const { directory, clock, stolen, onFailure = () => {}, patience = 1000 } = options;
  const store = openLeaseStore(directory);
  const closing = new AbortController();
  const now = options.now ?? (() => performance.now());
  const tools = keepTools(directory, { onFailure, now, signal: closing.signal });
  const made = keepMade(store, onFailure);
  /** What is being made, by laptop. */
  const making = new Map<Serial, Promise<string | undefined>>();
  const resets = keepResets(now);

  const make = (order: LeaseOrder, using: OfficeTools): Promise<string | undefined> => {
    const { serial } = order.laptop;
    const begun = making.get(serial);
    if (begun !== undefined) return begun;
    const work = makeLease(order, using, { signal: closing.signal })
      .then((line) => {
        made.add(serial, line);
        return line;
      })
      .catch((error: unknown) => {
        if (!closing.signal.aborted) onFailure(error);
        return undefined;
      })
      .finally(() => making.delete(serial));
    making.set(serial, work);
    return work;
  };

  /** A new lease, when it is time for one and one can be made. */
  const renew = async (
    serial: Serial,
    held: number | undefined,
    now: number,
  ): Promise<string | undefined> => {
    const using = await tools.current();
    if (using === undefined || making.size >= mostSigning) return undefined;
    const order = orderFor(store.laptop(serial), held, { tools: using, store, now });
    return order && make(order, using);
  };

  return {
    isStolen: async (serial) => await stolen(serial),
    async leaseFor(serial, { signal } = {}) {
      if (await stolen(serial)) return { kind: 'stolen' };
      const now = clock();
      const held = goodLines(made.find(serial) ?? store.find(serial), now);
      const answer: LeaseAnswer =
        held === undefined ? { kind: 'none' } : { kind: 'lease', lines: held.lines };
      if (!isSaneTime(now)) return answer;
      const work = renew(serial, held?.until, now);
      const line = await untilAborted(held === undefined ? work : within(work, patience), signal);
      return line === undefined ? answer : { kind: 'lease', lines: line };
    },
    async clockReset(serial, current, count, { signal } = {}) {
      const isRight =
        isLaptopTime(current) && Number.isSafeInteger(count) && count >= 0 && count <= mostCount;
      const time = clock();
      if (!isRight || !isSaneTime(time) || (await stolen(serial))) return undefined;
      const using = await tools.current();
      const laptop = using && store.laptop(serial);
      if (laptop === undefined || using === undefined) return undefined;
      const delegation = using.settings.delegated
        ? delegationFor(laptop, store.delegations(serial), using, time)
        : undefined;
      if (using.settings.delegated && delegation === undefined) return undefined;
      const order = { current, count, next: laptopTime(time), signer: using.signer, delegation };
      const answer = resets.answer(serial, `${serial} ${current} ${count}`, () =>
        makeClockReset(laptop, order, { signal: closing.signal }).catch((error: unknown) => {
          if (!closing.signal.aborted) onFailure(error);
          return undefined;
        }),
      );
      return await untilAborted(answer, signal);
    },
    async close() {
      closing.abort();
      await Promise.all(making.values());
      await made.flush();
      await tools.close();
      await store.close();
    },
  };
}

/** What the work gives, or undefined when it takes longer than so many milliseconds. */
async function within<Result>(work: Promise<Result>, milliseconds: number): Promise<Result | undefined> {
  const timer = Promise.withResolvers<undefined>();
  const timeout = setTimeout(timer.resolve, milliseconds, undefined);
  try {
    return await Promise.race([work, timer.promise]);
  } finally {
    clearTimeout(timeout);
  }
}
