import type { BuildName } from '../base/identifiers.ts';

/** What boots next, and what to go back to. */
export type BootState = { readonly current?: BuildName; readonly alternate?: BuildName };

/** How a kind of device is told which version to boot. Every implementation switches in one atomic step. */
export interface BootPointer {
  /** What is set now; empty when the device is not versioned. Throws `boot-pointer-wrong`. */
  read(): BootState;
  /**
   * Makes `build` boot next. The whole file system is on the disk before the switch and after it, so that a
   * power cut finds either the old state or the new. The caller holds the device lock.
   * Throws `version-not-on-disk` when one of the two has no tree.
   */
  switchTo(build: BuildName, alternate?: BuildName): void;
}
