import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { formatBytes } from '../base/units.ts';
import { byPrice, cheapestWay, diskReserve, refusal, type Way } from '../plan/ways.ts';
import type { Prepared } from './prepare.ts';

/**
 * The cheapest way that the budget allows. Throws `plan-over-budget`, `plan-over-month`, `plan-no-space`,
 * `plan-no-inodes`.
 */
export function chooseWay({ ways, budget, spending }: Prepared, build: BuildName): Way {
  const way = cheapestWay(ways, budget);
  if (way !== undefined) return way;
  const cheapest = ways.filter((one) => refusal(one, budget) !== 'memory').sort(byPrice)[0];
  if (cheapest === undefined) throw new Error('there is always a way to price');
  switch (refusal(cheapest, budget)) {
    case 'max-bytes':
      throw new SatchelError('plan-over-budget', {
        build,
        bytes: formatBytes(cheapest.bytes),
        limit: formatBytes(budget.maximumBytes ?? 0),
      });
    case 'monthly-bytes':
      throw spending.overMonth(cheapest.bytes);
    case 'inodes':
      throw new SatchelError('plan-no-inodes', { build, inodes: cheapest.inodes, free: budget.freeInodes });
    default:
      throw new SatchelError('plan-no-space', {
        build,
        disk: formatBytes(cheapest.disk),
        reserve: formatBytes(diskReserve),
        free: formatBytes(budget.freeBytes),
      });
  }
}
