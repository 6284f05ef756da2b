/** The part of a round that is about seals: what runs may have come where nothing could seal it. */
import { isSatchelError } from '../base/errors.ts';
import { lockDevice } from '../device/lock.ts';
import { runningVersion } from '../device/running-version.ts';
import { isSealDue, sealNew } from '../device/seal-new.ts';
import { activeTrial } from '../device/trial.ts';
import { whySwitchLater } from './conditions.ts';
import { lookAround, whileAllowed } from './look-around.ts';
import type { Work } from './round-work.ts';

/** Under what it is remembered in which boot that was tried. */
export const sealedIn = 'seal-boot';

/**
 * Seals the version that runs and is kept, where it is due: one that the initramfs has staged, or for whose seals there
 * was no room beside the version before. Tried once in each boot, when nobody is disturbed; what is left is done in the
 * next. While another command changes the device there is time until then. Throws `cancelled`, and bugs.
 */
export async function sealWhatRuns(work: Work): Promise<void> {
  const { agent, settings } = work;
  const { layout, clock, reporter } = agent;
  const { boot } = agent.uptime();
  const name = runningVersion(layout);
  if (name === undefined || work.told[sealedIn] === boot) return;
  if (!isSealDue(layout, name) || activeTrial(layout) !== undefined) return;
  const judge = async () => whySwitchLater(await lookAround(agent, settings), settings);
  if ((await judge()) !== undefined) return;
  work.told = { ...work.told, [sealedIn]: boot };
  try {
    using _lock = lockDevice(layout);
    await whileAllowed(agent, judge, (signal) => sealNew({ layout, name, clock, reporter, signal }));
  } catch (error) {
    if (!isSatchelError(error) || error.code === 'cancelled') throw error;
    if (error.code !== 'update-running') work.failures.push(error);
  }
}
