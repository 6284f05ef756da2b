import { removeBundle } from '../../activities/pin-bundle.ts';
import { bundleId } from '../activity-values.ts';
import { defineCommand } from '../command.ts';
import { home, openHome } from '../home-context.ts';
import { argument } from '../option-kinds.ts';

/** `satchel activities remove`: take a bundle away; it does not come back by itself. */
export const activitiesRemoveCommand = defineCommand({
  arguments: { id: argument('argument-activity-id', 'ID', bundleId) },
  options: { home },
  async run({ options, arguments: { id }, clock }) {
    return { id, version: removeBundle(openHome(options.home), id, clock) };
  },
  show: ({ id, version }, words) => [words.say('result-activities-taken-away', { id, version })],
});
