import type { CommandEntry } from './command.ts';

/** Serving, what an origin knows of sites and devices, and what a site and a stick do. */
export const siteCommands: Readonly<Record<string, CommandEntry>> = {
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
  'oats set': {
    section: 'origin',
    summary: 'help-oats-set',
    load: async () => (await import('./commands/oats-set.ts')).oatsSetCommand,
  },
  'oats status': {
    section: 'origin',
    summary: 'help-oats-status',
    load: async () => (await import('./commands/oats-status.ts')).oatsStatusCommand,
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
  'fleet token create': {
    section: 'origin',
    summary: 'help-fleet-token-create',
    load: async () => (await import('./commands/fleet-token-create.ts')).fleetTokenCreateCommand,
  },
  'fleet token list': {
    section: 'origin',
    summary: 'help-fleet-token-list',
    load: async () => (await import('./commands/fleet-token-list.ts')).fleetTokenListCommand,
  },
  'fleet token revoke': {
    section: 'origin',
    summary: 'help-fleet-token-revoke',
    load: async () => (await import('./commands/fleet-token-revoke.ts')).fleetTokenRevokeCommand,
  },
  'fleet keys': {
    section: 'origin',
    summary: 'help-fleet-keys',
    load: async () => (await import('./commands/fleet-keys.ts')).fleetKeysCommand,
  },
  'fleet unenrol': {
    section: 'origin',
    summary: 'help-fleet-unenrol',
    load: async () => (await import('./commands/fleet-unenrol.ts')).fleetUnenrolCommand,
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
};
