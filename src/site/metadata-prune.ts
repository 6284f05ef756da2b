import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { isSatchelError } from '../base/errors.ts';
import { listIfThere, readFileIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { readVerified } from '../trust/metadata.ts';
import { targetFileName, versionedMetadata } from '../trust/names.ts';
import { day, isDelegatedRole } from '../trust/roles.ts';

/** Devices in the middle of an update may ask for metadata that was replaced so many milliseconds ago. */
const grace = day;

/**
 * Removes metadata that was replaced more than a day ago, and records that none of the metadata names which is left.
 * Roots stay, because a device may trust any of them.
 */
export function pruneMetadata(repository: string, clock: Clock): void {
  const versions = versionsIn(repository);
  for (const files of versions.values())
    for (const [place, { name }] of files.slice(0, -1).entries()) {
      const next = files[place + 1];
      if (next !== undefined && clock() - writtenAt(join(repository, next.name)) > grace)
        remove(join(repository, name));
    }
  const named = namedTargets(repository);
  if (named === undefined) return;
  for (const folder of ['streams', 'builds', 'deltas'])
    for (const file of listIfThere(join(repository, 'targets', folder))) {
      const name = `targets/${folder}/${file}`;
      const path = join(repository, name);
      if (!file.startsWith('.') && !named.has(name) && clock() - writtenAt(path) > grace) remove(path);
    }
}

type VersionedFile = { readonly name: string; readonly version: number };

/** The files of each role but root, the oldest first. */
function versionsIn(repository: string): Map<string, VersionedFile[]> {
  const roles = new Map<string, VersionedFile[]>();
  for (const file of listIfThere(join(repository, 'metadata'))) {
    const name = `metadata/${file}`;
    const found = versionedMetadata(name);
    if (found === undefined || found.role === 'root') continue;
    const files = roles.get(found.role) ?? [];
    files.push({ name, version: found.version });
    roles.set(found.role, files);
  }
  for (const files of roles.values()) files.sort((one, other) => one.version - other.version);
  return roles;
}

/** Names of the records that the metadata in the folder names; undefined when one of its files cannot be read. */
function namedTargets(repository: string): Set<string> | undefined {
  const named = new Set<string>();
  for (const [role, files] of versionsIn(repository)) {
    if (!isDelegatedRole(role) && role !== 'targets') continue;
    for (const { name } of files) {
      const bytes = readFileIfThere(join(repository, name));
      if (bytes === undefined) return undefined;
      try {
        const { targets } = readVerified('targets', bytes, { file: name, source: repository });
        for (const [path, { hashes }] of targets) named.add(targetFileName(path, hashes.get('sha256')));
      } catch (error) {
        if (isSatchelError(error)) return undefined;
        throw error;
      }
    }
  }
  return named;
}

function writtenAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
}

function remove(path: string): void {
  withSystemErrors('unlink', path, () => rmSync(path, { force: true }));
}
