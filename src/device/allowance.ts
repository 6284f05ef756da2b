import { SatchelError } from '../base/errors.ts';
import { answerHead } from '../plan/ways.ts';
import { type DataMonth, monthParameters } from './data-month.ts';

/** Leave to receive one answer. */
export type Grant = {
  /** How much may be asked for; undefined: the whole file, whose length nobody has told. */
  readonly length: number | undefined;
  /** Throws `data-budget-spent` when what came meanwhile (bytes that are not counted yet) is more than there was. */
  check(uncounted: number): void;
  /** Throws `data-budget-spent` when less was granted than was wanted. */
  requireWhole(): void;
  /** The answer is here and counted. */
  end(): void;
};

/** What is left of a monthly budget, shared by the requests that are under way. */
export type Allowance = {
  /**
   * Asks for leave to receive so many bytes. Where there is not enough it waits for the others that are under way, so
   * that they come to their end; then a part is granted. Throws `data-budget-spent` when nothing is left.
   */
  ask(length: number | undefined): Promise<Grant>;
};

/** What TLS adds: certificates when a connection begins, and a part of every byte. */
const greeting = 8 * 1024;
const wrapping = 0.02;

/** Hands out what is left. `month` tells what has been counted so far, by any process. */
export function createAllowance(
  month: () => DataMonth,
  { isEncrypted = false }: { readonly isEncrypted?: boolean } = {},
): Allowance {
  const head = answerHead + (isEncrypted ? greeting : 0);
  const growth = 1 + (isEncrypted ? wrapping : 0);
  let granted = 0;
  let waiting: (() => void)[] = [];
  const wakeAll = () => {
    const sleepers = waiting;
    waiting = [];
    for (const wake of sleepers) wake();
  };
  const nothingLeft = () => new SatchelError('data-budget-spent', monthParameters(month()));
  return {
    async ask(length) {
      for (;;) {
        const left = month().left ?? Number.POSITIVE_INFINITY;
        const free = Math.floor((left - granted - head) / growth);
        if (free >= (length ?? 1) || (free > 0 && granted === 0)) {
          const share = Math.min(free, length ?? 0);
          const reserved = head + Math.ceil(share * growth);
          granted += reserved;
          return grant(left, length === undefined ? undefined : share, reserved, share < (length ?? 0));
        }
        if (granted === 0) throw nothingLeft();
        await new Promise<void>((wake) => waiting.push(wake));
      }
    },
  };

  function grant(left: number, length: number | undefined, reserved: number, isPart: boolean): Grant {
    return {
      length,
      check(uncounted) {
        // A file of unknown length is small; one that is not is stopped here.
        if (length === undefined && (uncounted > left || month().left === 0)) throw nothingLeft();
      },
      requireWhole() {
        if (isPart) throw nothingLeft();
      },
      end() {
        granted -= reserved;
        wakeAll();
      },
    };
  }
}
