import { statSync } from 'node:fs';
import { refreshLite } from '../../repository/lite-refresh.ts';
import { readOverview } from '../../repository/overview.ts';
import { readDropProblems } from '../../rsync/drop-problems.ts';
import { defaultRsyncDirectory, rsyncLayout } from '../../rsync/layout.ts';
import type { KeptService } from '../../rsync/service-start.ts';
import { rsyncStatus } from '../../rsync/service-status.ts';
import { rsyncSummary } from '../../server/page-rsync.ts';
import { startServer } from '../../server/start-server.ts';
import { requireRepository } from '../../trust/metadata-store.ts';
import { renewOnline } from '../../trust/publisher.ts';
import { defineCommand } from '../command.ts';
import { value } from '../option-kinds.ts';
import { listenAddress } from '../options.ts';
import { openRepository } from '../repository-context.ts';
import { rsyncAddress } from '../rsync-values.ts';
import { keyDir, repo, rsyncDir } from '../shared-options.ts';
import { startRsync } from '../start-rsync.ts';

const defaultAddress = { host: '0.0.0.0', port: 8400 };
/** Addresses that stand for all of a machine's. */
const wildcards: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

type Served = {
  readonly repository: string;
  readonly url: string;
  /** True when other machines reach it too. */
  readonly everywhere: boolean;
  /** URL of the rsync daemon. */
  readonly rsync?: string;
  /** Why there is none yet. */
  readonly rsyncFailure?: string;
};

/** `satchel serve`: the repository over HTTP until it is stopped. The default address is 0.0.0.0:8400. */
export const serveCommand = defineCommand({
  arguments: {},
  options: {
    repo,
    listen: value('option-listen', 'HOST:PORT', listenAddress),
    rsync: value('option-rsync', 'HOST:PORT', rsyncAddress),
    rsyncDir,
    keyDir,
  },
  async run(call, emit: (result: Served) => Promise<void>) {
    const context = openRepository(call);
    const repository = call.options.repo;
    await requireRepository(context.store, call.signal);
    if (process.getuid?.() === 0 && statSync(repository).uid !== 0)
      call.reporter.notice('serving-as-root', { path: repository });
    const listen = call.options.listen ?? defaultAddress;
    const rsyncDirectory = call.options.rsyncDir ?? defaultRsyncDirectory(repository);
    const server = await startServer({
      repository,
      listen,
      clock: call.clock,
      pageData: () => readOverview(context.store),
      dropProblems: () => readDropProblems(rsyncLayout(rsyncDirectory)),
      ...(call.options.rsync && { rsync: () => rsyncSummary(rsyncStatus(rsyncDirectory)) }),
      renew: async () => {
        // A mirror without the online keys serves just as well; whoever has them renews.
        if (context.keys.load('timestamp').length > 0) await renewOnline(context);
        await refreshLite(context);
      },
    });
    let rsync: KeptService | undefined;
    try {
      if (call.options.rsync !== undefined)
        rsync = await startRsync(call, context, { directory: rsyncDirectory, listen: call.options.rsync });
      const everywhere = wildcards.has(listen.host);
      await emit({ repository, url: server.url, everywhere, ...rsyncResult(rsync) });
      await new Promise<void>((resolve) => {
        if (call.signal.aborted) resolve();
        call.signal.addEventListener('abort', () => resolve(), { once: true });
      });
    } finally {
      await Promise.all([rsync?.close(), server.close()]);
    }
    return undefined;
  },
  show: ({ repository, url, everywhere, rsync, rsyncFailure }, words) => [
    words.say('result-serve', { repository, url }),
    ...(everywhere ? [words.say('result-serve-everywhere')] : []),
    ...(rsync === undefined ? [] : [words.say('result-serve-rsync', { url: rsync })]),
    ...(rsyncFailure === undefined ? [] : [words.say('result-serve-rsync-failed', { reason: rsyncFailure })]),
  ],
});

function rsyncResult(service: KeptService | undefined): Pick<Served, 'rsync' | 'rsyncFailure'> {
  if (service === undefined) return {};
  const { first } = service;
  return 'url' in first ? { rsync: first.url } : { rsyncFailure: first.failure };
}
