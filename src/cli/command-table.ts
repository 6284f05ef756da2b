import type { MessageCode } from '../base/catalogue.ts';
import type { Command } from './command.ts';

/** One line of the table: loaded only when it is called, so that starting costs the same however many there are. */
export type CommandEntry = {
  readonly section: 'origin' | 'device' | 'any';
  readonly summary: MessageCode;
  load(): Promise<Command>;
};

/** Every command by its words. */
export const commandTable: Readonly<Record<string, CommandEntry>> = {
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
  serve: {
    section: 'origin',
    summary: 'help-serve',
    load: async () => (await import('./commands/serve.ts')).serveCommand,
  },
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
  'keys list': {
    section: 'origin',
    summary: 'help-keys-list',
    load: async () => (await import('./commands/keys-list.ts')).keysListCommand,
  },
  'keys create': {
    section: 'origin',
    summary: 'help-keys-create',
    load: async () => (await import('./commands/keys-create.ts')).keysCreateCommand,
  },
  'keys rotate': {
    section: 'origin',
    summary: 'help-keys-rotate',
    load: async () => (await import('./commands/keys-rotate.ts')).keysRotateCommand,
  },
  'keys sign': {
    section: 'origin',
    summary: 'help-keys-sign',
    load: async () => (await import('./commands/keys-sign.ts')).keysSignCommand,
  },
  'keys renew': {
    section: 'origin',
    summary: 'help-keys-renew',
    load: async () => (await import('./commands/keys-renew.ts')).keysRenewCommand,
  },
  'keys submit': {
    section: 'origin',
    summary: 'help-keys-submit',
    load: async () => (await import('./commands/keys-submit.ts')).keysSubmitCommand,
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
  'device init': {
    section: 'device',
    summary: 'help-device-init',
    load: async () => (await import('./commands/device-init.ts')).deviceInitCommand,
  },
  'device set': {
    section: 'device',
    summary: 'help-device-set',
    load: async () => (await import('./commands/device-set.ts')).deviceSetCommand,
  },
  check: {
    section: 'device',
    summary: 'help-check',
    load: async () => (await import('./commands/check.ts')).checkCommand,
  },
  plan: {
    section: 'device',
    summary: 'help-plan',
    load: async () => (await import('./commands/plan.ts')).planCommand,
  },
  update: {
    section: 'device',
    summary: 'help-update',
    load: async () => (await import('./commands/update.ts')).updateCommand,
  },
  status: {
    section: 'device',
    summary: 'help-status',
    load: async () => (await import('./commands/status.ts')).statusCommand,
  },
  rollback: {
    section: 'device',
    summary: 'help-rollback',
    load: async () => (await import('./commands/rollback.ts')).rollbackCommand,
  },
  verify: {
    section: 'device',
    summary: 'help-verify',
    load: async () => (await import('./commands/verify.ts')).verifyCommand,
  },
  repair: {
    section: 'device',
    summary: 'help-repair',
    load: async () => (await import('./commands/repair.ts')).repairCommand,
  },
  purge: {
    section: 'device',
    summary: 'help-purge',
    load: async () => (await import('./commands/purge.ts')).purgeCommand,
  },
  'olpc-update': {
    section: 'device',
    summary: 'help-olpc-update',
    load: async () => (await import('./commands/olpc-update.ts')).olpcUpdateCommand,
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
  version: {
    section: 'any',
    summary: 'help-version',
    load: async () => (await import('./commands/version.ts')).versionCommand,
  },
};

/** What the commands that share a first word are about. */
export const groupSummaries: Readonly<Record<string, MessageCode>> = {
  delta: 'help-group-delta',
  device: 'help-group-device',
  keys: 'help-group-keys',
  lite: 'help-group-lite',
  rsync: 'help-group-rsync',
};
