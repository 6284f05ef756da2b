import { type Contender, type ContestOptions, contest, type Result } from '../contest.ts';
import { countedOnTheWire, withServer } from '../context.ts';
import type { Offer } from '../offers.ts';
import type { Updatable } from '../updaters.ts';

/** Devices go from the first build to the second over loopback. */
export async function update(offers: readonly Offer[], options: ContestOptions): Promise<Result[]> {
  return await contest(offers.map(contender), options);
}

function contender({ updater, home }: Offer): Contender {
  let device: Updatable | undefined;
  return {
    who: updater.who,
    ...(updater.version === undefined ? {} : { version: updater.version }),
    async prepare() {
      const fresh = await updater.install();
      device = fresh;
      return () => withServer(home, () => fresh.update(home.at));
    },
    async wire() {
      const fresh = await updater.install();
      device = fresh;
      return await countedOnTheWire(home, (at) => fresh.update(at));
    },
    check: () => device!.check(),
  };
}
