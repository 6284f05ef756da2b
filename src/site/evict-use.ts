import { closeSync, futimesSync, mkdirSync, openSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';
import { isBuildName } from '../base/identifiers.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { bundleDeltas, bundleLists } from '../repository/build-files.ts';
import type { Holdings } from './evict-holdings.ts';
import type { TreeSubject } from './known-bundles.ts';
import { type SiteLayout, usedFile } from './layout.ts';

/** Notes which builds and bundles are asked for, so that eviction knows those that nobody wants any more. */
export type BuildUses = {
  /** Somebody outside asked for a file of the repository. Costs next to nothing. */
  asked(file: string): void;
  /** Somebody asked for a build in another way: as a tree, or onto a stick. */
  used(name: TreeSubject): void;
  /** When a build was asked for in the life of this process, milliseconds since 1970. */
  lastUse(name: TreeSubject): number | undefined;
  /** Learns which files belong to which builds. */
  learn(holdings: Pick<Holdings, 'builds' | 'bundles'>): void;
};

/** A use is written to the disk at most this often for each build, in milliseconds. */
const writtenEvery = 60_000;

const targetPattern = /^targets\/(?:builds|deltas)\/[0-9a-f]{64}\.(.+)\.json$/;

/** Starts to take notes. Which build a file belongs to is told by its name, or by what was learnt. */
export function createBuildUses(layout: Pick<SiteLayout, 'used'>, clock: Clock): BuildUses {
  let owners = new Map<string, TreeSubject>();
  const last = new Map<TreeSubject, number>();
  const written = new Map<TreeSubject, number>();
  const use = (build: TreeSubject) => {
    const now = clock();
    last.set(build, now);
    if (Math.abs(now - (written.get(build) ?? Number.NEGATIVE_INFINITY)) < writtenEvery) return;
    written.set(build, now);
    touch(layout, build, now);
  };
  return {
    asked(file) {
      const [, named] = targetPattern.exec(file) ?? [];
      const owner = named !== undefined && isBuildName(named) ? named : owners.get(file);
      if (owner !== undefined) use(owner);
    },
    used: use,
    lastUse: (build) => last.get(build),
    learn({ builds, bundles }) {
      owners = new Map();
      // A pack is read by whoever has read the map before; the map tells which build is meant.
      // What is shown of a group is read by whoever looks at the page.
      for (const { name, bundle } of bundles)
        for (const file of [...bundleLists(bundle), ...bundleDeltas(bundle)]) owners.set(file.name, name);
      for (const { name, files } of builds)
        for (const file of files) if (!file.startsWith('packs/')) owners.set(file, name);
    },
  };
}

/** That somebody asked is no reason to fail the answer, so a disk that is full or broken costs the note only. */
function touch(layout: Pick<SiteLayout, 'used'>, name: TreeSubject, time: number): void {
  try {
    withSystemErrors('write', layout.used, () => {
      mkdirSync(layout.used, { recursive: true, mode: 0o755 });
      const file = openSync(usedFile(layout, name), 'w', 0o644);
      try {
        futimesSync(file, time / 1000, time / 1000);
      } finally {
        closeSync(file);
      }
    });
  } catch {
    // The next one tries again.
  }
}
