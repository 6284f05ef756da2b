import type { BuildName } from '../base/identifiers.ts';
import type { DeviceLayout } from './layout.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { type Purged, purgeVersions } from './purge.ts';
import { runningVersion } from './running-version.ts';

/**
 * Points the device at an installed version and lets go of what is neither it nor the way back, so that there are at
 * most two, and those that are sticky. The caller holds the device lock. Throws `version-not-on-disk`.
 */
export function switchVersion(layout: DeviceLayout, name: BuildName): Purged {
  const boot = openBootPointer(layout);
  const { current } = boot.read();
  const running = runningVersion(layout);
  // What has proved that it runs is the better way back than what has never been booted.
  const before = running === name ? current : (running ?? current);
  boot.switchTo(name, before);
  return purgeVersions(layout);
}
