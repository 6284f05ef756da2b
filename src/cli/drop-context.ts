import { languageFromEnvironment } from '../base/catalogue.ts';
import type { Reporter } from '../base/progress.ts';
import { offeredBuilds, writeDaemonConfiguration } from '../rsync/daemon-configuration.ts';
import type { DropContext } from '../rsync/drop-options.ts';
import { openOwnBuilds } from '../rsync/own-builds.ts';
import { isSite } from '../site/layout.ts';
import { openDirectoryStore } from '../store/directory.ts';
import { openRepository, type RepositoryCall, spoolDirectory } from './repository-context.ts';
import { type RsyncPlaceOptions, rsyncLayoutOf } from './rsync-place.ts';
import { writeRequest } from './signing-request.ts';

/** What the commands that work on the drop directory are called with. */
export type DropCall = RepositoryCall & {
  readonly options: RsyncPlaceOptions;
  readonly reporter: Reporter;
};

/**
 * What the commands of the old publisher work on: the drop directory of a repository. At a site what it holds goes to
 * the builds that rsync clients alone get.
 */
export async function openDrop(call: DropCall): Promise<DropContext> {
  const { repo } = call.options;
  const layout = rsyncLayoutOf(call.options);
  if (isSite(repo)) {
    const { clock, signal, reporter } = call;
    const context = { layout, clock, reporter, signal };
    return { ...context, ...(await openOwnBuilds(context)) };
  }
  return {
    ...openRepository(call),
    layout,
    spoolDirectory: spoolDirectory(repo),
    keepRequest: (request) => writeRequest(repo, request),
    reporter: call.reporter,
  };
}

/** Writes what the rsync daemon reads, in the language of the caller; gives the path. Throws what writing it throws. */
export async function rebuildConfiguration(
  { layout, store, signal, reporter }: DropContext,
  call: { readonly options: { readonly repo: string }; readonly environment: NodeJS.ProcessEnv },
): Promise<string> {
  const { repo } = call.options;
  const notices = writeDaemonConfiguration({
    layout,
    repository: repo,
    builds: await offeredBuilds(isSite(repo) ? [openDirectoryStore(repo), store] : [store], signal),
    language: languageFromEnvironment(call.environment),
  });
  for (const { code, parameters } of notices) reporter.notice(code, parameters);
  return layout.configuration;
}
