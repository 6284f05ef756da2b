import type { MessageCode } from '../base/catalogue.ts';
import type { CommandEntry } from './command.ts';
import { activitiesOnDeviceCommands, activityCommands } from './command-table-activities.ts';
import { buildCommands } from './command-table-builds.ts';
import { deviceCommands } from './command-table-device.ts';
import { keyCommands } from './command-table-keys.ts';
import { oldClientCommands } from './command-table-old-clients.ts';
import { operatorCommands } from './command-table-operators.ts';
import { rolloutCommands } from './command-table-rollouts.ts';
import { siteCommands } from './command-table-sites.ts';

/** Every command by its words, in the order in which help lists them. */
export const commandTable: Readonly<Record<string, CommandEntry>> = {
  ...buildCommands,
  ...rolloutCommands,
  ...activityCommands,
  ...siteCommands,
  ...keyCommands,
  ...deviceCommands,
  ...activitiesOnDeviceCommands,
  ...oldClientCommands,
  ...operatorCommands,
};

/** What the commands that share a first word are about. */
export const groupSummaries: Readonly<Record<string, MessageCode>> = {
  activities: 'help-group-activities',
  activity: 'help-group-activity',
  content: 'help-group-content',
  delta: 'help-group-delta',
  device: 'help-group-device',
  fleet: 'help-group-fleet',
  'fleet token': 'help-group-fleet-token',
  keys: 'help-group-keys',
  lease: 'help-group-lease',
  lite: 'help-group-lite',
  oats: 'help-group-oats',
  rollout: 'help-group-rollout',
  rsync: 'help-group-rsync',
  site: 'help-group-site',
  stick: 'help-group-stick',
  'site token': 'help-group-site-token',
  stream: 'help-group-stream',
};
