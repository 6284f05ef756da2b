import { SatchelError } from '../base/errors.ts';
import { type Lock, lockHolder, tryLock } from '../os/file-lock.ts';
import { type DeviceLayout, requireDevice, requireInsideRoot } from './layout.ts';

/**
 * Takes the lock of a device: whatever changes versions, boot pointer or our own files holds it.
 * It ends with `release`, or with the process. Throws `update-running` when another process has it,
 * `device-folder-outside`,
 * `device-not-initialised`.
 */
export function lockDevice(layout: DeviceLayout): Lock {
  requireDevice(layout);
  requireInsideRoot(layout);
  const lock = tryLock(layout.lock);
  if (lock === undefined)
    throw new SatchelError('update-running', { process: lockHolder(layout.lock) ?? '?', root: layout.root });
  return lock;
}
