import { rollBackBundle } from '../../activities/pin-bundle.ts';
import { bundleId } from '../activity-values.ts';
import { defineCommand } from '../command.ts';
import { home, openHome } from '../home-context.ts';
import { argument } from '../option-kinds.ts';

/** `satchel activities rollback`: go back to the version of one bundle before. */
export const activitiesRollbackCommand = defineCommand({
  arguments: { id: argument('argument-activity-id', 'ID', bundleId) },
  options: { home },
  async run({ options, arguments: { id }, clock }) {
    return { id, ...rollBackBundle(openHome(options.home), id, clock) };
  },
  show: ({ id, from, to }, words) => [words.say('result-activities-back', { id, from, to })],
});
