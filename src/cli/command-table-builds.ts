import type { CommandEntry } from './command.ts';

/** What an origin does with builds, deltas and streams. */
export const buildCommands: Readonly<Record<string, CommandEntry>> = {
  init: {
    section: 'origin',
    summary: 'help-init',
    load: async () => (await import('./commands/init.ts')).initCommand,
  },
  publish: {
    section: 'origin',
    summary: 'help-publish',
    load: async () => (await import('./commands/publish.ts')).publishCommand,
  },
  list: {
    section: 'origin',
    summary: 'help-list',
    load: async () => (await import('./commands/list.ts')).listCommand,
  },
  show: {
    section: 'origin',
    summary: 'help-show',
    load: async () => (await import('./commands/show.ts')).showCommand,
  },
  diff: {
    section: 'origin',
    summary: 'help-diff',
    load: async () => (await import('./commands/diff.ts')).diffCommand,
  },
  rename: {
    section: 'origin',
    summary: 'help-rename',
    load: async () => (await import('./commands/rename.ts')).renameCommand,
  },
  remove: {
    section: 'origin',
    summary: 'help-remove',
    load: async () => (await import('./commands/remove.ts')).removeCommand,
  },
  prune: {
    section: 'origin',
    summary: 'help-prune',
    load: async () => (await import('./commands/prune.ts')).pruneCommand,
  },
  fsck: {
    section: 'origin',
    summary: 'help-fsck',
    load: async () => (await import('./commands/fsck.ts')).fsckCommand,
  },
  import: {
    section: 'origin',
    summary: 'help-import',
    load: async () => (await import('./commands/import.ts')).importCommand,
  },
  'delta create': {
    section: 'origin',
    summary: 'help-delta-create',
    load: async () => (await import('./commands/delta-create.ts')).deltaCreateCommand,
  },
  'delta list': {
    section: 'origin',
    summary: 'help-delta-list',
    load: async () => (await import('./commands/delta-list.ts')).deltaListCommand,
  },
  'delta remove': {
    section: 'origin',
    summary: 'help-delta-remove',
    load: async () => (await import('./commands/delta-remove.ts')).deltaRemoveCommand,
  },
  'stream halt': {
    section: 'origin',
    summary: 'help-stream-halt',
    load: async () => (await import('./commands/stream-halt.ts')).streamHaltCommand,
  },
  'stream resume': {
    section: 'origin',
    summary: 'help-stream-resume',
    load: async () => (await import('./commands/stream-resume.ts')).streamResumeCommand,
  },
  'stream list': {
    section: 'origin',
    summary: 'help-stream-list',
    load: async () => (await import('./commands/stream-list.ts')).streamListCommand,
  },
  'stream show': {
    section: 'origin',
    summary: 'help-stream-show',
    load: async () => (await import('./commands/stream-show.ts')).streamShowCommand,
  },
};
