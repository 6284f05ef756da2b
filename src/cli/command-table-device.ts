import type { CommandEntry } from './command.ts';

/** What a device does. */
export const deviceCommands: Readonly<Record<string, CommandEntry>> = {
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
  'boot install': {
    section: 'device',
    summary: 'help-boot-install',
    load: async () => (await import('./commands/boot-install.ts')).bootInstallCommand,
  },
  agent: {
    section: 'device',
    summary: 'help-agent',
    load: async () => (await import('./commands/agent-run.ts')).agentRunCommand,
  },
  'agent run': {
    section: 'device',
    summary: 'help-agent',
    load: async () => (await import('./commands/agent-run.ts')).agentRunCommand,
  },
  'agent once': {
    section: 'device',
    summary: 'help-agent-once',
    load: async () => (await import('./commands/agent-once.ts')).agentOnceCommand,
  },
  'agent set': {
    section: 'device',
    summary: 'help-agent-set',
    load: async () => (await import('./commands/agent-set.ts')).agentSetCommand,
  },
  'agent status': {
    section: 'device',
    summary: 'help-agent-status',
    load: async () => (await import('./commands/agent-status.ts')).agentStatusCommand,
  },
  'device enrol': {
    section: 'device',
    summary: 'help-device-enrol',
    load: async () => (await import('./commands/device-enrol.ts')).deviceEnrolCommand,
  },
  'device advice': {
    section: 'device',
    summary: 'help-device-advice',
    load: async () => (await import('./commands/device-advice.ts')).deviceAdviceCommand,
  },
  'boot stage': {
    section: 'device',
    summary: 'help-boot-stage',
    load: async () => (await import('./commands/boot-stage.ts')).bootStageCommand,
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
  'local diff': {
    section: 'device',
    summary: 'help-local-diff',
    load: async () => (await import('./commands/local-diff.ts')).localDiffCommand,
  },
  'local carry': {
    section: 'device',
    summary: 'help-local-carry',
    load: async () => (await import('./commands/local-carry.ts')).localCarryCommand,
  },
  rollback: {
    section: 'device',
    summary: 'help-rollback',
    load: async () => (await import('./commands/rollback.ts')).rollbackCommand,
  },
  keep: {
    section: 'device',
    summary: 'help-keep',
    load: async () => (await import('./commands/keep.ts')).keepCommand,
  },
  'boot check': {
    section: 'device',
    summary: 'help-boot-check',
    load: async () => (await import('./commands/boot-check.ts')).bootCheckCommand,
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
};
