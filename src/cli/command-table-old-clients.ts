import type { CommandEntry } from './command.ts';

/** What old clients are served with, and the commands that people know from then. */
export const oldClientCommands: Readonly<Record<string, CommandEntry>> = {
  'rsync set': {
    section: 'origin',
    summary: 'help-rsync-set',
    load: async () => (await import('./commands/rsync-set.ts')).rsyncSetCommand,
  },
  'rsync status': {
    section: 'origin',
    summary: 'help-rsync-status',
    load: async () => (await import('./commands/rsync-status.ts')).rsyncStatusCommand,
  },
  'lite refresh': {
    section: 'origin',
    summary: 'help-lite-refresh',
    load: async () => (await import('./commands/lite-refresh.ts')).liteRefreshCommand,
  },
  'xs-refresh-xobuilds': {
    section: 'origin',
    summary: 'help-xs-refresh-xobuilds',
    load: async () => (await import('./commands/xs-refresh-xobuilds.ts')).xsRefreshXobuildsCommand,
  },
  'xs-refresh-xobuildlist': {
    section: 'origin',
    summary: 'help-xs-refresh-xobuildlist',
    load: async () => (await import('./commands/xs-refresh-xobuilds.ts')).xsRefreshXobuildsCommand,
  },
  'xs-publish-xobuild': {
    section: 'origin',
    summary: 'help-xs-publish-xobuild',
    load: async () => (await import('./commands/xs-publish-xobuild.ts')).xsPublishXobuildCommand,
  },
  'olpc-update': {
    section: 'device',
    summary: 'help-olpc-update',
    load: async () => (await import('./commands/olpc-update.ts')).olpcUpdateCommand,
  },
  'olpc-update-query': {
    section: 'device',
    summary: 'help-olpc-update-query',
    load: async () => (await import('./commands/olpc-update-query.ts')).olpcUpdateQueryCommand,
  },
  'olpc-contents-create': {
    section: 'any',
    summary: 'help-olpc-contents-create',
    load: async () => (await import('./commands/olpc-contents-create.ts')).olpcContentsCreateCommand,
  },
  'olpc-contents-verify': {
    section: 'any',
    summary: 'help-olpc-contents-verify',
    load: async () => (await import('./commands/olpc-contents-verify.ts')).olpcContentsVerifyCommand,
  },
  'olpc-contents-hash': {
    section: 'any',
    summary: 'help-olpc-contents-hash',
    load: async () => (await import('./commands/olpc-contents-hash.ts')).olpcContentsHashCommand,
  },
  'olpc-contents-clean': {
    section: 'any',
    summary: 'help-olpc-contents-clean',
    load: async () => (await import('./commands/olpc-contents-clean.ts')).olpcContentsCleanCommand,
  },
};
