import { dirname } from 'node:path';
import type { BuildName } from '../base/identifiers.ts';
import { bootPointerWrong, nameFrom, readLink } from './boot-link.ts';
import type { DeviceLayout } from './layout.ts';

/** The version that was booted, or undefined when nothing says so. Throws `boot-pointer-wrong`. */
export function runningVersion(layout: DeviceLayout): BuildName | undefined {
  const target = readLink(layout.running);
  if (target === undefined) return undefined;
  if (dirname(target) !== 'pristine') throw bootPointerWrong(layout.running, target);
  return nameFrom(layout.running, target);
}
