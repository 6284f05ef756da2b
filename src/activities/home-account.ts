import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import {
  type AccountFolder,
  type DataAccount,
  holdDataAccount,
  openDataAccount,
  readDataCount,
} from '../device/data-account.ts';
import { anyPlace } from '../device/first-place.ts';
import type { DeviceLayout } from '../device/layout.ts';
import { isNetwork } from '../device/open-source.ts';
import { openTimeFloor } from '../trust/floor.ts';

/** The account that what comes to a home is counted in, given the folder of the home's own. */
export type HomeAccount = (own: AccountFolder) => DataAccount;

/**
 * Opens the account of the device for what comes to one of its homes: every home draws on the same month, and no user can
 * take back what was counted. Call it before the process gives up its rights. A user who may not write that account counts
 * in one of his own, and has no more than what the device's leaves. Undefined for a source that costs nothing.
 */
export function openHomeAccount(
  device: DeviceLayout,
  { source, monthlyBytes }: { readonly source: string; readonly monthlyBytes?: number | undefined },
  clock: Clock,
): HomeAccount | undefined {
  if (source !== anyPlace && !isNetwork(source)) return undefined;
  const { now } = openTimeFloor(join(device.trust, 'floor'), clock);
  const held = holdDataAccount(device, now());
  if (held !== undefined) return () => held;
  // Without a budget nobody need know what the others have received.
  if (monthlyBytes === undefined) return (own) => openDataAccount(own, { now, isLaw: false });
  return (own) => besideDevice(device, openDataAccount(own, { now, isLaw: true }), now);
}

function besideDevice(device: AccountFolder, own: DataAccount, now: Clock): DataAccount {
  return {
    ...own,
    count() {
      const mine = own.count();
      return { ...mine, bytes: mine.bytes + readDataCount(device, now()).bytes };
    },
  };
}
