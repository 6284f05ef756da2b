import type { BuildName, Sha256, StreamName } from '../base/identifiers.ts';
import type { GroupName } from './group-record.ts';

/** Names of the files of a repository, relative to its top; see docs/formats.md. */

export const indexFile = (storedSha256: Sha256): string => `indexes/${storedSha256}.zst`;
export const mapFile = (storedSha256: Sha256): string => `maps/${storedSha256}.zst`;
export const packFile = (storedSha256: Sha256): string => `packs/${storedSha256}.pack`;
export const deltaFile = (sha256: Sha256): string => `deltas/${sha256}.delta`;
export const contentsFile = (sha256: Sha256): string => `contents/${sha256}`;

/** The signed files for machines with a shell only. A stream whose name ends in `.sum` has none. */
export const liteStreamFile = (name: StreamName): string => `lite/${name}`;
export const liteListFile = (name: BuildName): string => `lite/${name}.sum`;

/** TUF target paths of the signed records; the file itself has its hash before the last part of the name. */
export const buildTarget = (name: BuildName): string => `builds/${name}.json`;
export const deltasTarget = (name: BuildName): string => `deltas/${name}.json`;
export const streamTarget = (name: StreamName): string => `streams/${name}.json`;
export const groupTarget = (name: GroupName): string => `activities/${name}.json`;

/**
 * True for a target that is neither a build nor a stream though it lies among them, such as the list of stolen laptops:
 * its name begins with an underscore, which none of theirs may.
 */
export function isNote(path: string): boolean {
  return nameOfTarget(path).startsWith('_');
}

/** The build, stream or other name inside a target path: `builds/py802-1.json` → `py802-1`. */
export function nameOfTarget(path: string): string {
  return path.slice(path.indexOf('/') + 1, -'.json'.length);
}
