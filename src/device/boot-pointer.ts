import type { BuildName } from '../base/identifiers.ts';

/**
 * How a device is told what to boot: `olpc`: symlinks below `/versions` (one partition); `olpc-partitioned`: symlinks
 * on a boot partition, which has copies of kernel and initramfs; `bls`: entries of the Boot Loader Specification on an
 * EFI system partition, whose loader counts boots by their names.
 */
export type BootKind = 'olpc' | 'olpc-partitioned' | 'bls';

/** All kinds, for whoever has to name them. */
export const bootKinds: readonly BootKind[] = ['olpc', 'olpc-partitioned', 'bls'];

/** What boots next, and what to go back to. */
export type BootState = { readonly current?: BuildName; readonly alternate?: BuildName };

/** What a switch may be told beside the names. */
export type SwitchOptions = {
  /**
   * How many boots the loader gives the build before it goes back by itself. Only `bls` counts in the loader; with
   * the other kinds the initramfs counts, and this says nothing to them.
   */
  readonly tries?: number | undefined;
};

/** How a kind of device is told which version to boot. Every implementation switches in one atomic step. */
export interface BootPointer {
  readonly kind: BootKind;
  /** What is set now; empty when the device is not versioned. Throws `boot-pointer-wrong`. */
  read(): BootState;
  /**
   * Makes `build` boot next. The whole file system is on the disk before the switch and after it, so that a
   * power cut finds either the old state or the new. The caller holds the device lock.
   * Throws `version-not-on-disk` when one of the two has no tree; where kernels are copied to a boot partition
   * `boot-partition-missing`, `boot-partition-full`, `boot-files-missing`, `boot-copy-wrong`, all of them before
   * anything that boots has changed.
   */
  switchTo(build: BuildName, alternate?: BuildName, options?: SwitchOptions): void;
  /** Boots that the loader still gives the build; undefined where the loader does not count, or counts no longer. */
  triesLeft(build: BuildName): number | undefined;
  /** The build has proved itself: the loader counts no longer. Nothing happens where it does not count. */
  markGood(build: BuildName): void;
  /** Removes what the loader keeps of versions that are not named (copies of kernels, entries, configurations). */
  forgetOthers(kept: ReadonlySet<string>): void;
}
