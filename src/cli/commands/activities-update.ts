import { updateActivities } from '../../activities/update-activities.ts';
import { activitiesLines } from '../activities-lines.ts';
import { bundleId } from '../activity-values.ts';
import { defineCommand } from '../command.ts';
import { home, openHomeOf } from '../home-context.ts';
import { flag, restArguments } from '../option-kinds.ts';
import { root, source, streamChoice, timeout, transfer } from '../shared-options.ts';

/** `satchel activities update`: bring activities and content up to date, or install named ones. */
export const activitiesUpdateCommand = defineCommand({
  arguments: { ids: restArguments('argument-activities-ids', 'ID', bundleId) },
  options: {
    root,
    home,
    source,
    timeout,
    stream: streamChoice,
    maxBytes: transfer.maxBytes,
    limitRate: transfer.limitRate,
    dryRun: flag('option-activities-dry-run'),
  },
  async run({ options, arguments: { ids }, ...call }) {
    const { layout, settings } = openHomeOf(options, call.clock);
    const done = await updateActivities({
      ...{ ...call, layout, settings, dryRun: options.dryRun },
      patience: options.timeout,
      named: new Map(ids.map((id) => [id, undefined])),
      maximumBytes: options.maxBytes,
      bytesPerSecond: options.limitRate,
    });
    return { home: layout.home, dryRun: options.dryRun, ...done };
  },
  show: activitiesLines,
});
