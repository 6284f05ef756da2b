import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { checkHealth, failureLines, type HealthOptions } from './health.ts';
import { keepTrial } from './keep.ts';
import { runningVersion } from './running-version.ts';
import { proveTrial, type TrialContext } from './trial.ts';
import { appendBootLog } from './trial-log.ts';
import { settleTrial } from './trial-settle.ts';

/**
 * What a device does about a trial before it is changed to another version: what runs and is proven is kept, which frees
 * its room; what runs and is not, is looked at first, since it would be the only way back; what was never booted is
 * simply passed over. Going back to what was there before needs none of it. The caller holds the device lock. Throws
 * `trial-not-proven`, `cancelled`.
 */
export async function endTrialBefore(
  options: TrialContext & HealthOptions,
  wanted: BuildName,
): Promise<void> {
  const { layout } = options;
  const trial = settleTrial(options);
  if (trial === undefined || wanted === trial.previous || wanted === trial.build) return;
  if (runningVersion(layout) !== trial.build) return;
  if (trial.state === 'proven') {
    keepTrial(options, trial, wanted);
    return;
  }
  const { isWell, results } = await checkHealth(options);
  if (!isWell) {
    appendBootLog(layout, trial.build, failureLines(results));
    throw new SatchelError('trial-not-proven', { build: trial.build });
  }
  keepTrial(options, proveTrial(options, trial), wanted);
}
