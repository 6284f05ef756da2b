import { readdirSync, readFileSync } from 'node:fs';
import { errnoOf, type SystemPath, systemError } from './system-error.ts';

/** The bytes of a file that need not be there; undefined when it is not. Throws what the system says otherwise. */
export function readFileIfThere(path: SystemPath): Buffer | undefined {
  return ifThere('read', path, () => readFileSync(path));
}

/** The names in a folder that need not be there; none when it is not. Throws what the system says otherwise. */
export function listIfThere(folder: SystemPath): string[] {
  return ifThere('readdir', folder, () => readdirSync(folder)) ?? [];
}

/** Where a file stands in the place of a folder nothing can be below it. */
function ifThere<Found>(call: string, path: SystemPath, look: () => Found): Found | undefined {
  try {
    return look();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
    throw systemError(error, call, path);
  }
}
