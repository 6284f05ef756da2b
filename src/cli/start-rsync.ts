import { languageFromEnvironment } from '../base/catalogue.ts';
import type { RsyncAddress } from '../rsync/daemon-address.ts';
import { startRsyncService } from '../rsync/service.ts';
import { openLog } from '../server/logger.ts';
import { type RepositoryContext, spoolDirectory } from './repository-context.ts';
import { writeRequest } from './signing-request.ts';

/** A service for rsync clients that runs. */
export type StartedRsync = {
  readonly url: string;
  /** Ends it and writes its log. */
  close(): Promise<void>;
};

/** Starts the service for rsync clients beside the HTTP server of a repository; its log goes to standard error. */
export async function startRsync(
  call: { readonly options: { readonly repo: string }; readonly environment: NodeJS.ProcessEnv },
  context: RepositoryContext,
  { directory, listen }: { readonly directory: string; readonly listen: RsyncAddress },
): Promise<StartedRsync> {
  const { repo } = call.options;
  const { log, flush } = openLog({});
  try {
    const service = await startRsyncService({
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
    });
    log.info({ url: service.url, directory }, 'listening');
    return {
      url: service.url,
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
