import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { listVersions } from './installed.ts';
import type { DeviceLayout } from './layout.ts';
import { openBootPointer } from './open-boot-pointer.ts';

/**
 * The versions that a check is about: the named one, all complete ones, or the one that boots next. Throws
 * `version-not-installed`, and `nothing-installed` on an empty device.
 */
export function versionsToCheck(
  layout: DeviceLayout,
  build: BuildName | undefined,
  all: boolean,
): BuildName[] {
  const installed = listVersions(layout)
    .filter(({ record }) => record !== undefined)
    .map(({ name }) => name);
  if (build !== undefined) {
    if (!installed.includes(build)) throw new SatchelError('version-not-installed', { name: build });
    return [build];
  }
  const { current } = openBootPointer(layout).read();
  const chosen = all ? installed : installed.filter((name) => name === current);
  if (chosen.length === 0) throw new SatchelError('nothing-installed', { root: layout.root });
  return chosen;
}
