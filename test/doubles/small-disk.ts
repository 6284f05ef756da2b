/** A real file system in a file, of a size that is too small for two versions. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where it is mounted; `remove` unmounts it, whatever is still mounted below. */
export type SmallDisk = { readonly place: string; remove(): void };

/** Makes and mounts an ext4 file system of so many bytes. Only for root. */
export function smallDisk(bytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-small-'));
  const [place, image] = [join(folder, 'disk'), join(folder, 'image')];
  mkdirSync(place);
  writeFileSync(image, '');
  truncateSync(image, bytes);
  execFileSync('mkfs.ext4', ['-q', '-F', '-m', '0', '-J', 'size=4', '-i', '16384', image]);
  execFileSync('mount', ['-o', 'loop', image, place]);
  return {
    place,
    remove() {
      spawnSync('umount', ['-R', '-l', place]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
