import { readOverview } from '../../repository/overview.ts';
import { startServer } from '../../server/start-server.ts';
import { renewOnline } from '../../trust/publisher.ts';
import { defineCommand } from '../command.ts';
import { value } from '../option-kinds.ts';
import { listenAddress } from '../options.ts';
import { openRepository } from '../repository-context.ts';
import { keyDir, repo } from '../shared-options.ts';

const defaultAddress = { host: '0.0.0.0', port: 8400 };

/** `satchel serve`: the repository over HTTP until it is stopped. The default address is 0.0.0.0:8400. */
export const serveCommand = defineCommand({
  arguments: {},
  options: {
    repo,
    listen: value('option-listen', 'HOST:PORT', listenAddress),
    keyDir,
  },
  async run(call, emit: (result: { repository: string; url: string }) => Promise<void>) {
    const context = openRepository(call);
    const repository = call.options.repo;
    const server = await startServer({
      repository,
      listen: call.options.listen ?? defaultAddress,
      clock: call.clock,
      pageData: () => readOverview(context.store),
      renew: async () => {
        // A mirror without the online keys serves just as well; whoever has them renews.
        if (context.keys.load('timestamp').length > 0) await renewOnline(context);
      },
    });
    try {
      await emit({ repository, url: server.url });
      await new Promise<void>((resolve) => {
        if (call.signal.aborted) resolve();
        call.signal.addEventListener('abort', () => resolve(), { once: true });
      });
    } finally {
      await server.close();
    }
    return undefined;
  },
  show: ({ repository, url }, words) => [words.say('result-serve', { repository, url })],
});
