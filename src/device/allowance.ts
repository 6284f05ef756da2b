import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { formatBytes } from '../base/units.ts';

/** What one command may still read from the source for content; lists and what had to be asked for twice count too. */
export type Allowance = {
  /** Bytes that may still be read; Infinity when nobody set a limit. */
  left(): number;
  /** Takes bytes that are about to be read. Throws `plan-over-budget`, and takes nothing, when they are too many. */
  spend(bytes: number): void;
};

/** An allowance of so many bytes (absent: without a limit) for getting a build. */
export function createAllowance(
  build: BuildName,
  maximumBytes: number = Number.POSITIVE_INFINITY,
): Allowance {
  let spent = 0;
  return {
    left: () => maximumBytes - spent,
    spend(bytes) {
      if (spent + bytes > maximumBytes)
        throw new SatchelError('plan-over-budget', {
          build,
          bytes: formatBytes(spent + bytes),
          limit: formatBytes(maximumBytes),
        });
      spent += bytes;
    },
  };
}
