import { defineCommand } from '../command.ts';
import { flag } from '../option-kinds.ts';
import { buildInstalled, root, source, transfer } from '../shared-options.ts';

/** `satchel repair`: fetches the damaged files, and those alone. */
export const repairCommand = defineCommand({
  arguments: { build: buildInstalled },
  options: {
    root,
    source,
    all: flag('option-all-repair'),
    ...transfer,
  },
  async run() {
    throw new Error('repair is not connected yet');
  },
});
