import { pinBundle } from '../../activities/pin-bundle.ts';
import { updateActivities } from '../../activities/update-activities.ts';
import { activitiesLines } from '../activities-lines.ts';
import { bundleId, bundleVersion } from '../activity-values.ts';
import { defineCommand } from '../command.ts';
import { home, openHome, openHomeOf } from '../home-context.ts';
import { argument, optionalArgument } from '../option-kinds.ts';
import { root, source, timeout, transfer } from '../shared-options.ts';

/** `satchel activities pin`: stay on the version that is there, or on another that is offered. */
export const activitiesPinCommand = defineCommand({
  arguments: {
    id: argument('argument-activity-id', 'ID', bundleId),
    version: optionalArgument('argument-activities-pin-version', 'VERSION', bundleVersion),
  },
  options: { root, home, source, timeout, maxBytes: transfer.maxBytes },
  async run({ options, arguments: { id, version }, ...call }) {
    if (version === undefined) {
      const pinned = pinBundle(openHome(options.home), id, call.clock);
      return { id, pinned, updated: undefined };
    }
    const { layout, settings } = openHomeOf(options, call.clock);
    const updated = await updateActivities({
      ...{ ...call, layout, settings, dryRun: false, pin: true },
      patience: options.timeout,
      named: new Map([[id, version]]),
      maximumBytes: options.maxBytes,
    });
    // Where the version was there already nothing was brought.
    pinBundle(layout, id, call.clock);
    return { id, pinned: version, updated: { ...updated, dryRun: false } };
  },
  show: ({ id, pinned, updated }, words) => [
    ...(updated === undefined ? [] : activitiesLines(updated, words)),
    words.say('result-activities-pinned', { id, version: pinned }),
  ],
});
