import { mkdirSync } from 'node:fs';
import { withSystemErrors } from '../os/system-error.ts';
import type { RsyncLayout } from './layout.ts';
import { readRsyncSettings } from './settings.ts';

/**
 * The drop directory: the one that the settings name, else the usual one, which is made, so that people find where to
 * put things. Throws `record-invalid`, `record-newer`.
 */
export function dropDirectory(layout: RsyncLayout): string {
  const { packed } = readRsyncSettings(layout);
  if (packed !== undefined) return packed;
  withSystemErrors('mkdir', layout.packed, () => mkdirSync(layout.packed, { recursive: true }));
  return layout.packed;
}
