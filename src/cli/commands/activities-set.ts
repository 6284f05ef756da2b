import { followGroups } from '../../activities/pin-bundle.ts';
import { defaultGroup } from '../../repository/group-record.ts';
import { groupName } from '../activity-values.ts';
import { defineCommand } from '../command.ts';
import { home, openHome } from '../home-context.ts';
import { repeated } from '../option-kinds.ts';

/** `satchel activities set`: which groups of bundles a home follows. */
export const activitiesSetCommand = defineCommand({
  arguments: {},
  options: { home, group: repeated('option-activities-groups', 'GROUP', groupName) },
  async run({ options, clock }) {
    followGroups(openHome(options.home), options.group, clock);
    return { groups: options.group.length === 0 ? [defaultGroup] : options.group };
  },
  show: ({ groups }, words) => [words.say('result-activities-groups', { groups: groups.join(', ') })],
});
