import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { formatBytes } from '../base/units.ts';
import { readConfiguration } from '../device/configuration.ts';
import { countOnce, readDataCount } from '../device/data-account.ts';
import { dataMonth, monthParameters } from '../device/data-month.ts';
import type { DeviceLayout } from '../device/layout.ts';
import { openTimeFloor } from '../trust/floor.ts';

/** What a device may receive this month, for transfers that rsync makes. */
export type ClientMonth = {
  /** Counts what one run of rsync has received. */
  count(bytes: number): Promise<void>;
  /** Throws `plan-over-month` when so many bytes do not fit into what is left. */
  require(build: BuildName, bytes: number): void;
};

/** Opens the account of a device. Throws `device-file-damaged`, `device-file-newer`. */
export function openClientMonth(layout: DeviceLayout, clock: Clock): ClientMonth {
  const budget = readConfiguration(layout)?.monthlyBytes;
  const floor = openTimeFloor(join(layout.trust, 'floor'), clock);
  return {
    count: (bytes) => countOnce(layout, floor.now, bytes),
    require(build, bytes) {
      const month = dataMonth(readDataCount(layout, floor.now()), budget);
      if (month.left === null || bytes <= month.left) return;
      throw new SatchelError('plan-over-month', {
        ...monthParameters(month),
        build,
        bytes: formatBytes(bytes),
      });
    },
  };
}
