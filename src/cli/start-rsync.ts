import { languageFromEnvironment } from '../base/catalogue.ts';
import { isSatchelError, messageOf } from '../base/errors.ts';
import { silentReporter } from '../base/progress.ts';
import type { ActivitiesSource } from '../rsync/activities-folder.ts';
import type { RsyncAddress } from '../rsync/daemon-address.ts';
import { rsyncLayout } from '../rsync/layout.ts';
import { type OwnBuildsContext, openOwnBuilds } from '../rsync/own-builds.ts';
import { type KeptService, keepServiceStarted } from '../rsync/service-start.ts';
import { openLog } from '../server/logger.ts';
import { type RepositoryContext, spoolDirectory } from './repository-context.ts';
import type { ServedPlace } from './served-place.ts';
import { writeRequest } from './signing-request.ts';

/** Which rsync clients are served, and where. */
export type StartRsyncOptions = {
  readonly directory: string;
  readonly listen: RsyncAddress;
  /** True: nothing is fetched from anywhere. */
  readonly offline: boolean;
  /** What the module `activities` has. */
  readonly activities: ActivitiesSource;
};

/**
 * Starts the service for rsync clients beside the HTTP server of a place, now or as soon as that can be; its log
 * goes to standard error, and is written when it is closed.
 */
export async function startRsync(
  call: { readonly options: { readonly repo: string }; readonly environment: NodeJS.ProcessEnv },
  { context, place }: { readonly context: RepositoryContext; readonly place: ServedPlace },
  { directory, listen, offline, activities }: StartRsyncOptions,
): Promise<KeptService> {
  const { repo } = call.options;
  const { log, flush } = openLog({});
  let own: OwnBuildsContext | undefined;
  try {
    // A site publishes nothing, for it has no keys: what lies in its drop directory is for its rsync clients alone.
    if (place.site !== undefined) own = await openOwn(directory, context, log);
    const service = await keepServiceStarted(
      {
        directory,
        repository: repo,
        store: place.store,
        listen,
        language: languageFromEnvironment(call.environment),
        log,
        offline,
        ...{ lacking: place.lacking, activities },
        own,
        ...(place.site === undefined && {
          arrivals: {
            spoolDirectory: spoolDirectory(repo),
            keys: context.keys,
            clock: context.clock,
            keepRequest: (request) => writeRequest(repo, request),
          },
        }),
      },
      (url) => log.info({ url, directory }, 'listening'),
    );
    return {
      first: service.first,
      trees: service.trees,
      async close() {
        await service.close();
        await own?.store.close();
        flush();
      },
    };
  } catch (error) {
    await own?.store.close();
    flush();
    throw error;
  }
}

/** Without them the builds of the repository are served all the same. */
async function openOwn(
  directory: string,
  { clock, signal }: RepositoryContext,
  log: ReturnType<typeof openLog>['log'],
): Promise<OwnBuildsContext | undefined> {
  try {
    return await openOwnBuilds({ layout: rsyncLayout(directory), clock, reporter: silentReporter, signal });
  } catch (error) {
    if (!isSatchelError(error) || error.code === 'cancelled') throw error;
    log.warn(messageOf(error));
    return undefined;
  }
}
