import type { CommandEntry } from './command.ts';

/** How new builds reach devices. */
export const rolloutCommands: Readonly<Record<string, CommandEntry>> = {
  'rollout start': {
    section: 'origin',
    summary: 'help-rollout-start',
    load: async () => (await import('./commands/rollout-start.ts')).rolloutStartCommand,
  },
  'rollout show': {
    section: 'origin',
    summary: 'help-rollout-show',
    load: async () => (await import('./commands/rollout-show.ts')).rolloutShowCommand,
  },
  'rollout pause': {
    section: 'origin',
    summary: 'help-rollout-pause',
    load: async () => (await import('./commands/rollout-pause.ts')).rolloutPauseCommand,
  },
  'rollout resume': {
    section: 'origin',
    summary: 'help-rollout-resume',
    load: async () => (await import('./commands/rollout-resume.ts')).rolloutResumeCommand,
  },
  'rollout halt': {
    section: 'origin',
    summary: 'help-rollout-halt',
    load: async () => (await import('./commands/stream-halt.ts')).streamHaltCommand,
  },
  'rollout back': {
    section: 'origin',
    summary: 'help-rollout-back',
    load: async () => (await import('./commands/rollout-back.ts')).rolloutBackCommand,
  },
  'rollout explain': {
    section: 'any',
    summary: 'help-rollout-explain',
    load: async () => (await import('./commands/rollout-explain.ts')).rolloutExplainCommand,
  },
  'rollout watch': {
    section: 'origin',
    summary: 'help-rollout-watch',
    load: async () => (await import('./commands/rollout-watch.ts')).rolloutWatchCommand,
  },
  simulate: {
    section: 'origin',
    summary: 'help-simulate',
    load: async () => (await import('./commands/simulate.ts')).simulateCommand,
  },
};
