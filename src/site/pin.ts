import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildName, isBuildName } from '../base/identifiers.ts';
import { syncDirectory, writeFileAtomic } from '../os/atomic-file.ts';
import { listIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { defaultRsyncDirectory, rsyncLayout } from '../rsync/layout.ts';
import type { SiteLayout } from './layout.ts';

/** A build that eviction leaves alone, and what says so. */
export type Pin = {
  readonly build: BuildName;
  /** True when `satchel pin` said so. */
  readonly pinned: boolean;
  /** The entries that say so as on the old servers. */
  readonly sticky: readonly string[];
};

type Paths = Pick<SiteLayout, 'repository' | 'pins'>;

/** Exempts a build from eviction; twice is no error. */
export function pinBuild({ pins }: Paths, build: BuildName): void {
  withSystemErrors('mkdir', pins, () => mkdirSync(pins, { recursive: true, mode: 0o755 }));
  writeFileAtomic(join(pins, build), '');
}

/** Takes the exemption back; false when there was none. What is sticky as on the old servers stays so. */
export function unpinBuild({ pins }: Paths, build: BuildName): boolean {
  const path = join(pins, build);
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return false;
  withSystemErrors('unlink', path, () => rmSync(path));
  syncDirectory(pins);
  return true;
}

/**
 * All exempt builds in byte order: an entry of the build's name in `pins/`; in `sticky/` of the repository or of what
 * belongs to rsync clients; or, as on the old upgrade server, a file `sticky` in the directory of the build's module.
 */
export function readPins(paths: Paths): Pin[] {
  const pinned = new Set(namesIn(paths.pins));
  const sticky = new Map<BuildName, string[]>();
  const note = (build: BuildName, path: string) => sticky.set(build, [...(sticky.get(build) ?? []), path]);
  const rsync = rsyncLayout(defaultRsyncDirectory(paths.repository));
  for (const folder of [join(paths.repository, 'sticky'), rsync.sticky])
    for (const build of namesIn(folder)) note(build, join(folder, build));
  for (const build of namesIn(rsync.builds)) {
    const path = join(rsync.module(build), 'sticky');
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) note(build, path);
  }
  return [...new Set([...pinned, ...sticky.keys()])]
    .sort()
    .map((build) => ({ build, pinned: pinned.has(build), sticky: sticky.get(build) ?? [] }));
}

function namesIn(folder: string): BuildName[] {
  return listIfThere(folder).filter(isBuildName);
}
