import { findObjectRelocation } from './object-relocation.ts';
import { findProgramRelocation } from './program-relocation.ts';
import type { Relocation } from './relocation.ts';

/**
 * How the addresses in an old program, library or kernel module have to change towards the new one; undefined when
 * there is nothing to gain or one of them is something else. `placeInFile` says where a byte of `target` stands in
 * the whole new file.
 */
export function findRelocation(
  base: Uint8Array,
  target: Uint8Array,
  placeInFile: (position: number) => number,
): Relocation | undefined {
  return findProgramRelocation(base, target, placeInFile) ?? findObjectRelocation(base, target);
}
