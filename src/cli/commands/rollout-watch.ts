import { isSatchelError, SatchelError } from '../../base/errors.ts';
import { sleep } from '../../base/sleep.ts';
import { type Watched, watchRollouts } from '../../fleet/rollout-watch.ts';
import { defineCommand } from '../command.ts';
import { withFleet } from '../fleet-context.ts';
import { flag } from '../option-kinds.ts';
import { openRepository } from '../repository-context.ts';
import { keyDir, repo } from '../shared-options.ts';

/** Milliseconds between two looks. */
const pause = 60_000;

/** `satchel rollout watch`: look after rollouts every minute, or once. `satchel serve` does the same at an origin. */
export const rolloutWatchCommand = defineCommand({
  arguments: {},
  options: { repo, keyDir, once: flag('option-watch-once') },
  async run(call, emit: (result: Watched) => Promise<void>) {
    const context = { ...openRepository(call), reporter: call.reporter };
    if (context.keys.load('streams').length === 0 || context.keys.load('timestamp').length === 0)
      throw new SatchelError('rollout-watch-no-keys');
    return withFleet(call, async (fleet) => {
      if (call.options.once) return watchRollouts(context, fleet.rollouts);
      await emit(await watchRollouts(context, fleet.rollouts));
      while (!call.signal.aborted) {
        await sleep(pause, call.signal).catch(() => undefined);
        if (!call.signal.aborted) await tryAgain(context, fleet.rollouts);
      }
      return undefined;
    });
  },
  show: ({ rollouts }, words) =>
    rollouts.length === 0
      ? [words.say('result-watch-nothing')]
      : rollouts.map(({ stream, build, figures }) =>
          words.say('result-watch-line', { stream, build, ...figures }),
        ),
});

/** What fails once may go well in a minute: a full disk, another publication, a database in use. */
async function tryAgain(
  context: Parameters<typeof watchRollouts>[0],
  rollouts: Parameters<typeof watchRollouts>[1],
): Promise<void> {
  try {
    await watchRollouts(context, rollouts);
  } catch (error) {
    if (!isSatchelError(error)) throw error;
    if (error.code !== 'cancelled')
      context.reporter?.notice('rollout-watch-failed', { stream: '—', reason: error.message });
  }
}
