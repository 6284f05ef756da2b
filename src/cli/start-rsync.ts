import { languageFromEnvironment } from '../base/catalogue.ts';
import type { RsyncAddress } from '../rsync/daemon-address.ts';
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
};

/**
 * Starts the service for rsync clients beside the HTTP server of a place, now or as soon as that can be; its log
 * goes to standard error, and is written when it is closed.
 */
export async function startRsync(
  call: { readonly options: { readonly repo: string }; readonly environment: NodeJS.ProcessEnv },
  { context, place }: { readonly context: RepositoryContext; readonly place: ServedPlace },
  { directory, listen, offline }: StartRsyncOptions,
): Promise<KeptService> {
  const { repo } = call.options;
  const { log, flush } = openLog({});
  try {
    const service = await keepServiceStarted(
      {
        directory,
        repository: repo,
        store: place.store,
        listen,
        language: languageFromEnvironment(call.environment),
        log,
        offline,
        lacking: place.lacking,
        // A site publishes nothing: it has no keys, and takes its builds from elsewhere.
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
        flush();
      },
    };
  } catch (error) {
    flush();
    throw error;
  }
}
