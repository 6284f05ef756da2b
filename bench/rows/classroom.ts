import type { Result } from '../contest.ts';
import type { Context } from '../context.ts';
import { run } from '../measure.ts';
import type { Offer } from '../offers.ts';
import { devicesOfRoom, measureTogether } from '../room.ts';
import { loopback } from '../servers.ts';

/**
 * A classroom: 30 devices go from the first build to the second at once, all on this machine, one contender after
 * the other. One run, because it already is thirty: wall time until the last has ended, CPU time of all, memory of
 * the largest.
 */
export async function classroom(context: Context, pair: string, offers: readonly Offer[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const offer of offers) results.push(await updateAll(context, pair, offer));
  return results;
}

async function updateAll({ say }: Context, pair: string, { updater, serve }: Offer): Promise<Result> {
  const row = 'classroom';
  const { who, version } = updater;
  const devices = [];
  for (let number = 0; number < devicesOfRoom; number += 1) devices.push(await updater.install());
  // A new server, so that its memory is what these clients made of it.
  const server = await serve(loopback);
  try {
    await run({ program: 'sync', parameters: [] });
    const sample = await measureTogether(
      server,
      devices.map((device) => () => device.update(server.at)),
    );
    say(`${row}: ${who}: ${sample.wall.toFixed(2)} s`);
    const tree = devices.at(-1)!.check();
    return { pair, row, who, ...(version === undefined ? {} : { version }), samples: [sample], tree };
  } finally {
    await server.stop();
  }
}
