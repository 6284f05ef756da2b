import { defaultRsyncDirectory, type RsyncLayout, rsyncLayout } from '../rsync/layout.ts';

/** Options of commands that work on what rsync clients are served with. */
export type RsyncPlaceOptions = { readonly repo: string; readonly rsyncDir?: string | undefined };

/** The rsync directory of a command: the one that was named, else the repository's own. */
export function rsyncDirectoryOf({ repo, rsyncDir }: RsyncPlaceOptions): string {
  return rsyncDir ?? defaultRsyncDirectory(repo);
}

/** The paths below the rsync directory of a command. */
export function rsyncLayoutOf(options: RsyncPlaceOptions): RsyncLayout {
  return rsyncLayout(rsyncDirectoryOf(options));
}
