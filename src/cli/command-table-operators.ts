import type { CommandEntry } from './command.ts';

/** What helps whoever looks after a place, whichever it is. */
export const operatorCommands: Readonly<Record<string, CommandEntry>> = {
  version: {
    section: 'any',
    summary: 'help-version',
    load: async () => (await import('./commands/version.ts')).versionCommand,
  },
};
