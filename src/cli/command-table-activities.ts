import type { CommandEntry } from './command.ts';

/** Activities and content beside the OS: at the origin. */
export const activityCommands: Readonly<Record<string, CommandEntry>> = {
  'activity publish': {
    section: 'origin',
    summary: 'help-activity-publish',
    load: async () => (await import('./commands/activity-publish.ts')).activityPublishCommand,
  },
  'activity list': {
    section: 'origin',
    summary: 'help-activity-list',
    load: async () => (await import('./commands/activity-list.ts')).activityListCommand,
  },
  'activity group': {
    section: 'origin',
    summary: 'help-activity-group',
    load: async () => (await import('./commands/activity-group.ts')).activityGroupCommand,
  },
  'activity promote': {
    section: 'origin',
    summary: 'help-activity-promote',
    load: async () => (await import('./commands/activity-promote.ts')).activityPromoteCommand,
  },
  'activity remove': {
    section: 'origin',
    summary: 'help-activity-remove',
    load: async () => (await import('./commands/activity-remove.ts')).activityRemoveCommand,
  },
  'content publish': {
    section: 'origin',
    summary: 'help-content-publish',
    load: async () => (await import('./commands/content-publish.ts')).contentPublishCommand,
  },
};

/** The same on a device. */
export const activitiesOnDeviceCommands: Readonly<Record<string, CommandEntry>> = {
  'activities update': {
    section: 'device',
    summary: 'help-activities-update',
    load: async () => (await import('./commands/activities-update.ts')).activitiesUpdateCommand,
  },
  'activities list': {
    section: 'device',
    summary: 'help-activities-list',
    load: async () => (await import('./commands/activities-list.ts')).activitiesListCommand,
  },
  'activities pin': {
    section: 'device',
    summary: 'help-activities-pin',
    load: async () => (await import('./commands/activities-pin.ts')).activitiesPinCommand,
  },
  'activities unpin': {
    section: 'device',
    summary: 'help-activities-unpin',
    load: async () => (await import('./commands/activities-unpin.ts')).activitiesUnpinCommand,
  },
  'activities rollback': {
    section: 'device',
    summary: 'help-activities-rollback',
    load: async () => (await import('./commands/activities-rollback.ts')).activitiesRollbackCommand,
  },
  'activities remove': {
    section: 'device',
    summary: 'help-activities-remove',
    load: async () => (await import('./commands/activities-remove.ts')).activitiesRemoveCommand,
  },
  'activities set': {
    section: 'device',
    summary: 'help-activities-set',
    load: async () => (await import('./commands/activities-set.ts')).activitiesSetCommand,
  },
};
