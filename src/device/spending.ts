import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { formatBytes } from '../base/units.ts';
import { bytesOnWire } from '../plan/ways.ts';
import { monthParameters } from './data-month.ts';
import type { DeviceSession } from './session.ts';

/** What one update may receive, and what it has received of that. */
export type Spending = {
  /** Bytes of content that `--max-bytes` still allows; undefined: there is no limit. */
  left(): number | undefined;
  /** Bytes that the month still allows, headers included; undefined: there is no limit. */
  monthLeft(): number | undefined;
  /** Refuses what costs more than is left. Throws `plan-over-budget`, `plan-over-month`. */
  require(cost: { readonly bytes: number; readonly requests: number }): void;
  /** What to say when so many bytes do not fit into the month. */
  overMonth(bytes: number): SatchelError;
};

/** Begins to count: what the session has received until now (metadata) is not content of the update. */
export function startSpending(
  { meter, month }: Pick<DeviceSession, 'meter' | 'month'>,
  { build, maximumBytes }: { readonly build: BuildName; readonly maximumBytes: number | undefined },
): Spending {
  const before = meter.contentBytes();
  const left = () =>
    maximumBytes === undefined ? undefined : Math.max(0, maximumBytes - (meter.contentBytes() - before));
  const monthLeft = () => month()?.left ?? undefined;
  const overMonth = (bytes: number) => {
    const present = month();
    return new SatchelError('plan-over-month', {
      ...(present && monthParameters(present)),
      build,
      bytes: formatBytes(bytes),
    });
  };
  return {
    left,
    monthLeft,
    overMonth,
    require(cost) {
      if (cost.bytes === 0) return;
      const [content, wire] = [left(), monthLeft()];
      if (content !== undefined && cost.bytes > content)
        throw new SatchelError('plan-over-budget', {
          build,
          bytes: formatBytes(cost.bytes),
          limit: formatBytes(content),
        });
      if (wire !== undefined && bytesOnWire(cost) > wire) throw overMonth(cost.bytes);
    },
  };
}
