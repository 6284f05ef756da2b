import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { permitsBack } from '../repository/back-record.ts';
import { readInstalled } from './installed.ts';
import type { DeviceLayout } from './layout.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { runningVersion } from './running-version.ts';
import type { Wanted } from './wanted.ts';

/** What a device boots and runs, beside what it should. */
export type Situation = {
  readonly wanted: Wanted;
  /** What it boots next. */
  readonly current: BuildName | undefined;
  /** What it has booted, where an initramfs tells. */
  readonly running: BuildName | undefined;
  /** True when the wanted build is complete on the device. */
  readonly isInstalled: boolean;
  /** True when there is nothing to do. */
  readonly isCurrent: boolean;
};

/**
 * Compares a device with what it should run; the time it takes does not depend on the size of any tree. Throws
 * `stream-goes-back` when a stream leads to a build that was published before the one that boots now, and nobody who
 * signs builds has permitted that.
 */
export function situationOf(layout: DeviceLayout, wanted: Wanted): Situation {
  const { name, index } = wanted.build;
  const { current } = openBootPointer(layout).read();
  const before = current === undefined ? undefined : readInstalled(layout, current)?.sequence;
  if (before !== undefined && before > wanted.build.sequence) requirePermit(wanted, current, before);
  const isInstalled = readInstalled(layout, name)?.index === index.sha256;
  return {
    wanted,
    current,
    running: runningVersion(layout),
    isInstalled,
    isCurrent: isInstalled && current === name,
  };
}

/** The place of what boots now is `before`. A build that somebody named is his choice. */
function requirePermit(
  { build, stream, advice }: Wanted,
  current: BuildName | undefined,
  before: number,
): void {
  if (stream === undefined) return;
  const permit = advice?.permit;
  if (permit !== undefined && permitsBack(permit, { stream, running: before, head: build })) return;
  throw new SatchelError('stream-goes-back', { stream, from: current ?? '', to: build.name });
}
