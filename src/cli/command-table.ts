import type { MessageCode } from '../base/catalogue.ts';
import type { Command } from './command.ts';

/** One line of the table: loaded only when it is called, so that starting costs the same however many there are. */
export type CommandEntry = {
  readonly section: 'origin' | 'site' | 'device' | 'any';
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
  'stream show': {
    section: 'origin',
    summary: 'help-stream-show',
    load: async () => (await import('./commands/stream-show.ts')).streamShowCommand,
  },
  serve: {
    section: 'origin',
    summary: 'help-serve',
    load: async () => (await import('./commands/serve.ts')).serveCommand,
  },
  'site token create': {
    section: 'origin',
    summary: 'help-site-token-create',
    load: async () => (await import('./commands/site-token-create.ts')).siteTokenCreateCommand,
  },
  'site token list': {
    section: 'origin',
    summary: 'help-site-token-list',
    load: async () => (await import('./commands/site-token-list.ts')).siteTokenListCommand,
  },
  'site token revoke': {
    section: 'origin',
    summary: 'help-site-token-revoke',
    load: async () => (await import('./commands/site-token-revoke.ts')).siteTokenRevokeCommand,
  },
  'fleet devices': {
    section: 'origin',
    summary: 'help-fleet-devices',
    load: async () => (await import('./commands/fleet-devices.ts')).fleetDevicesCommand,
  },
  'fleet sites': {
    section: 'origin',
    summary: 'help-fleet-sites',
    load: async () => (await import('./commands/fleet-sites.ts')).fleetSitesCommand,
  },
  'fleet requests': {
    section: 'origin',
    summary: 'help-fleet-requests',
    load: async () => (await import('./commands/fleet-requests.ts')).fleetRequestsCommand,
  },
  'site join': {
    section: 'site',
    summary: 'help-site-join',
    load: async () => (await import('./commands/site-join.ts')).siteJoinCommand,
  },
  'site set': {
    section: 'site',
    summary: 'help-site-set',
    load: async () => (await import('./commands/site-set.ts')).siteSetCommand,
  },
  'site status': {
    section: 'site',
    summary: 'help-site-status',
    load: async () => (await import('./commands/site-status.ts')).siteStatusCommand,
  },
  'site plan': {
    section: 'site',
    summary: 'help-site-plan',
    load: async () => (await import('./commands/site-plan.ts')).sitePlanCommand,
  },
  'site sync': {
    section: 'site',
    summary: 'help-site-sync',
    load: async () => (await import('./commands/site-sync.ts')).siteSyncCommand,
  },
  'site gc': {
    section: 'site',
    summary: 'help-site-gc',
    load: async () => (await import('./commands/site-gc.ts')).siteGcCommand,
  },
  pin: {
    section: 'site',
    summary: 'help-pin',
    load: async () => (await import('./commands/pin.ts')).pinCommand,
  },
  'stick prepare': {
    section: 'origin',
    summary: 'help-stick-prepare',
    load: async () => (await import('./commands/stick-prepare.ts')).stickPrepareCommand,
  },
  'stick load': {
    section: 'site',
    summary: 'help-stick-load',
    load: async () => (await import('./commands/stick-load.ts')).stickLoadCommand,
  },
  'stick collect': {
    section: 'origin',
    summary: 'help-stick-collect',
    load: async () => (await import('./commands/stick-collect.ts')).stickCollectCommand,
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
  'lease key': {
    section: 'origin',
    summary: 'help-lease-key',
    load: async () => (await import('./commands/lease-key.ts')).leaseKeyCommand,
  },
  'lease make': {
    section: 'origin',
    summary: 'help-lease-make',
    load: async () => (await import('./commands/lease-make.ts')).leaseMakeCommand,
  },
  'lease delegate': {
    section: 'origin',
    summary: 'help-lease-delegate',
    load: async () => (await import('./commands/lease-delegate.ts')).leaseDelegateCommand,
  },
  'lease verify': {
    section: 'origin',
    summary: 'help-lease-verify',
    load: async () => (await import('./commands/lease-verify.ts')).leaseVerifyCommand,
  },
  'lease find': {
    section: 'origin',
    summary: 'help-lease-find',
    load: async () => (await import('./commands/lease-find.ts')).leaseFindCommand,
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
  report: {
    section: 'device',
    summary: 'help-report',
    load: async () => (await import('./commands/report.ts')).reportCommand,
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
  fleet: 'help-group-fleet',
  keys: 'help-group-keys',
  lease: 'help-group-lease',
  lite: 'help-group-lite',
  rsync: 'help-group-rsync',
  site: 'help-group-site',
  stick: 'help-group-stick',
  'site token': 'help-group-site-token',
  stream: 'help-group-stream',
};
