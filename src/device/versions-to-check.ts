import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { olpcBootPointer } from './boot-olpc.ts';
import { listVersions } from './installed.ts';
import type { DeviceLayout } from './layout.ts';

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
  const { current } = olpcBootPointer(layout).read();
  const chosen = all ? installed : installed.filter((name) => name === current);
  if (chosen.length === 0) throw new SatchelError('nothing-installed', { root: layout.root });
  return chosen;
}
