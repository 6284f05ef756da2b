import { join } from 'node:path';
import type { BuildName } from '../base/identifiers.ts';

/**
 * Where everything for rsync clients lies: one directory, beside the repository (`REPO.rsync`) unless the operator
 * names another. It may be moved to another disk as it is: nothing inside names a path outside of it.
 */
export type RsyncLayout = ReturnType<typeof rsyncLayout>;

/** The directory that belongs to a repository when nothing else is said. */
export function defaultRsyncDirectory(repository: string): string {
  return `${repository}.rsync`;
}

/** The paths below the rsync directory. */
export function rsyncLayout(directory: string) {
  const below = (...names: string[]) => join(directory, ...names);
  return {
    directory,
    settings: below('settings.json'),
    /** The operator's own globals and modules. */
    template: below('rsyncd.conf.in'),
    configuration: below('rsyncd.conf'),
    /** What the daemon says to everybody who connects; empty but while trees are being made. */
    motd: below('motd'),
    run: below('run'),
    builds: below('pub', 'builds'),
    /** Directory of a build's module: `contents` and `root/`. */
    module: (name: BuildName) => below('pub', 'builds', name),
    /** The tree of a build, and its manifest, in the module. */
    moduleRoot: (name: BuildName) => below('pub', 'builds', name, 'root'),
    moduleContents: (name: BuildName) => below('pub', 'builds', name, 'contents'),
    /** Bundles for everybody, as files: the module `activities`. Absent where there are none. */
    activities: below('pub', 'activities'),
    /** Which content the files of the module have. */
    activitiesRecord: below('activities.json'),
    readyMarks: below('ready'),
    /** There when the tree is complete; its modification time is when it was last used. */
    readyMark: (name: BuildName) => below('ready', name),
    /** One file a transfer under way: `<build>,<client address>,<pid>`. */
    uses: below('uses'),
    /** One fifo a client that waits for a tree: `<build>,<pid>,<client address>,<pid of its connection>`. */
    asks: below('asks'),
    /** An entry with a build's name exempts its tree from eviction. */
    sticky: below('sticky'),
    trash: below('trash'),
    temporary: below('tmp'),
    /** Files of builds that are being fetched from another server; they stay while they are not complete. */
    incoming: below('incoming'),
    /** What `satchel import` brought, and what it could not. */
    importRecord: below('imported.json'),
    /** The drop directory, unless the settings name another. */
    packed: below('packed'),
    /** What came from the drop directory, and what became of it. */
    packedRecord: below('packed.json'),
    /** Builds from the drop directory of a site, which cannot publish them; see `openOwnBuilds`. */
    own: below('own'),
    ownKeys: below('own.keys'),
    /** Held by whoever brings the list of builds up to date with the drop directory. */
    packedLock: below('packed.lock'),
  } as const;
}
