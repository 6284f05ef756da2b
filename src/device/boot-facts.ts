import { type BuildName, isBuildName } from '../base/identifiers.ts';
import { type RunMode, runModes } from './boot-settings.ts';
import { readKeyValues } from './key-values.ts';
import type { DeviceLayout } from './layout.ts';

/** What our initramfs has left about this boot. */
export type BootFacts = {
  readonly build?: BuildName;
  /** How the running tree was really made. */
  readonly mode?: RunMode;
  /** With `overlay`: the layer's folder, relative to `versions/updates/satchel`. */
  readonly layer?: string;
  /** True when this boot was counted for a version on trial. */
  readonly counted: boolean;
  /** The version that was given up by this boot. */
  readonly fellBack?: BuildName;
  /** What the initramfs needed for us, in milliseconds. */
  readonly milliseconds?: number;
};

/**
 * What our initramfs said about this boot; undefined when it did not start this system. Values that make no sense
 * count as absent.
 */
export function readBootFacts(layout: DeviceLayout): BootFacts | undefined {
  const fields = readKeyValues(layout.bootFacts);
  if (fields === undefined) return undefined;
  const { build, layer, fellback, milliseconds } = fields;
  const mode = runModes.find((known) => known === fields.mode);
  return {
    counted: fields.counted === 'yes',
    ...(build !== undefined && isBuildName(build) ? { build } : {}),
    ...(mode === undefined ? {} : { mode }),
    ...(layer === undefined || layer === '' ? {} : { layer }),
    ...(fellback !== undefined && isBuildName(fellback) ? { fellBack: fellback } : {}),
    ...(milliseconds !== undefined && /^\d{1,9}$/.test(milliseconds)
      ? { milliseconds: Number(milliseconds) }
      : {}),
  };
}
