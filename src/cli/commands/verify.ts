import { defineCommand } from '../command.ts';
import { flag } from '../option-kinds.ts';
import { buildInstalled, root } from '../shared-options.ts';

/** `satchel verify`: compares the installed tree with its index. */
export const verifyCommand = defineCommand({
  arguments: { build: buildInstalled },
  options: {
    root,
    full: flag('option-full'),
    all: flag('option-all-verify'),
  },
  async run() {
    throw new Error('verify is not connected yet');
  },
});
