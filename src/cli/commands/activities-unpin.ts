import { unpinBundle } from '../../activities/pin-bundle.ts';
import { bundleId } from '../activity-values.ts';
import { defineCommand } from '../command.ts';
import { home, openHome } from '../home-context.ts';
import { argument } from '../option-kinds.ts';

/** `satchel activities unpin`: let a bundle follow its stream again. */
export const activitiesUnpinCommand = defineCommand({
  arguments: { id: argument('argument-activity-id', 'ID', bundleId) },
  options: { home },
  async run({ options, arguments: { id }, clock }) {
    return { id, version: unpinBundle(openHome(options.home), id, clock) };
  },
  show: ({ id, version }, words) => [words.say('result-activities-unpinned', { id, version })],
});
