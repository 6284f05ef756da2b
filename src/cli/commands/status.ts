import { defineCommand } from '../command.ts';
import { root } from '../shared-options.ts';

/** `satchel status`: what this device runs, keeps and owes. */
export const statusCommand = defineCommand({
  arguments: {},
  options: { root },
  async run() {
    throw new Error('status is not connected yet');
  },
});
