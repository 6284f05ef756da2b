import { blsBootPointer } from './boot-bls.ts';
import { olpcBootPointer } from './boot-olpc.ts';
import { partitionedBootPointer } from './boot-partitioned.ts';
import type { BootPointer } from './boot-pointer.ts';
import { readBootSettings } from './boot-settings.ts';
import type { DeviceLayout } from './layout.ts';

/** The boot pointer of a device, of the kind that it has. Throws `boot-setting-wrong`. */
export function openBootPointer(layout: DeviceLayout): BootPointer {
  const settings = readBootSettings(layout);
  switch (settings.kind) {
    case 'olpc':
      return olpcBootPointer(layout);
    case 'olpc-partitioned':
      return partitionedBootPointer(layout);
    case 'bls':
      return blsBootPointer(layout, settings);
  }
}
