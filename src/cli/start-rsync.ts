import { languageFromEnvironment } from '../base/catalogue.ts';
import type { RsyncAddress } from '../rsync/daemon-address.ts';
import { type KeptService, keepServiceStarted } from '../rsync/service-start.ts';
import { openLog } from '../server/logger.ts';
import { type RepositoryContext, spoolDirectory } from './repository-context.ts';
import { writeRequest } from './signing-request.ts';

/**
 * Starts the service for rsync clients beside the HTTP server of a repository, now or as soon as that can be; its log
 * goes to standard error, and is written when it is closed.
 */
export async function startRsync(
  call: { readonly options: { readonly repo: string }; readonly environment: NodeJS.ProcessEnv },
  context: RepositoryContext,
  { directory, listen }: { readonly directory: string; readonly listen: RsyncAddress },
): Promise<KeptService> {
  const { repo } = call.options;
  const { log, flush } = openLog({});
  try {
    const service = await keepServiceStarted(
      {
        directory,
        repository: repo,
        store: context.store,
        listen,
        language: languageFromEnvironment(call.environment),
        log,
        arrivals: {
          spoolDirectory: spoolDirectory(repo),
          keys: context.keys,
          clock: context.clock,
          keepRequest: (request) => writeRequest(repo, request),
        },
      },
      (url) => log.info({ url, directory }, 'listening'),
    );
    return {
      first: service.first,
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
