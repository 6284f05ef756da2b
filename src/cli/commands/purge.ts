import { defineCommand } from '../command.ts';
import { flag } from '../option-kinds.ts';
import { root } from '../shared-options.ts';

/** `satchel purge`: deletes versions that are neither current, previous nor sticky. */
export const purgeCommand = defineCommand({
  arguments: {},
  options: {
    root,
    dryRun: flag('option-dry-run-purge'),
    all: flag('option-all-purge'),
  },
  async run() {
    throw new Error('purge is not connected yet');
  },
});
