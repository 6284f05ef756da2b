import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listIfThere } from '../os/if-there.ts';

/** Where the power comes from. */
export type Power = {
  /** True on mains power, and on machines without a battery. */
  readonly isMains: boolean;
  /** What the batteries hold, 0 to 100; undefined where there are none, or none that tells. */
  readonly battery?: number;
};

/** Reads `sys/class/power_supply` below a root (Documentation/ABI/testing/sysfs-class-power). */
export function readPower(root: string): Power {
  const folder = join(root, 'sys/class/power_supply');
  const supplies = listIfThere(folder).map((name) => supplyIn(join(folder, name)));
  const batteries = supplies.filter(({ type, scope }) => type === 'Battery' && scope !== 'Device');
  if (batteries.length === 0) return { isMains: true };
  const isPlugged = supplies.some(({ type, online }) => type !== 'Battery' && Number(online) > 0);
  // Some laptops do not tell of their power supply: what charges or is full is plugged in.
  const isCharging = batteries.some(({ status }) => status === 'Charging' || status === 'Full');
  const levels = batteries.map(({ capacity }) => Number(capacity || Number.NaN)).filter(Number.isFinite);
  const battery =
    levels.length === 0 ? undefined : levels.reduce((sum, level) => sum + level, 0) / levels.length;
  return {
    isMains: isPlugged || isCharging,
    ...(battery === undefined ? {} : { battery: Math.round(battery) }),
  };
}

function supplyIn(folder: string) {
  const word = (name: string) => {
    try {
      return readFileSync(join(folder, name), 'latin1').trim();
    } catch {
      // Each driver has some of the files, and a device that is unplugged takes its own away.
      return '';
    }
  };
  return {
    type: word('type'),
    scope: word('scope'),
    online: word('online'),
    status: word('status'),
    capacity: word('capacity'),
  };
}
