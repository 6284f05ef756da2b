import { olpcBootPointer } from './boot-olpc.ts';
import type { BootPointer } from './boot-pointer.ts';
import type { DeviceLayout } from './layout.ts';

/** The boot pointer of a device, of the kind that it has. */
export function openBootPointer(layout: DeviceLayout): BootPointer {
  return olpcBootPointer(layout);
}
