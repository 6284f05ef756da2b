import { contest, type Result } from '../contest.ts';
import { type Context, withServer } from '../context.ts';
import type { Offer } from '../offers.ts';
import type { Server } from '../servers.ts';
import { type LinkOptions, openThinLink } from '../thin-link/link.ts';
import type { Updatable } from '../updaters.ts';

/** 2 Mbit/s and 300 ms for the way there and back; twice what is on its way may wait at each end. */
const thin: LinkOptions = { bitsPerSecond: 2e6, delay: 150, queue: 150_000, loss: 0 };

/** The update over a thin link; `loss` in percent. Left out with a sentence where no such link can be made. */
export async function thinLink(
  context: Context,
  pair: string,
  offers: readonly Offer[],
  { loss, runs }: { readonly loss: number; readonly runs: number },
): Promise<Result[]> {
  const { workspace, say } = context;
  const link = await openThinLink(workspace.freshDirectory('thin-link'), { ...thin, loss });
  if (typeof link === 'string') {
    say(link);
    return [];
  }
  const row = loss === 0 ? 'thin link' : `thin link, ${loss} % loss`;
  say(`${row}: made by ${link.by}`);
  const servers: Server[] = [];
  try {
    const contenders = [];
    for (const { updater, serve } of offers) {
      const server = await serve(link.place);
      servers.push(server);
      let device: Updatable | undefined;
      contenders.push({
        who: updater.who,
        ...(updater.version === undefined ? {} : { version: updater.version }),
        async prepare() {
          const fresh = await updater.install();
          device = fresh;
          return () => withServer(server, () => fresh.update(server.at));
        },
        check: () => device!.check(),
      });
    }
    return await contest(contenders, { ...context, pair, row, runs, warmUp: false });
  } finally {
    for (const server of servers) await server.stop();
    await link.close();
  }
}
