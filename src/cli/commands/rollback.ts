import { defineCommand } from '../command.ts';
import { optionalArgument } from '../option-kinds.ts';
import { build, root } from '../shared-options.ts';

/** `satchel rollback`: back to the build before, or to the one named. */
export const rollbackCommand = defineCommand({
  arguments: { build: optionalArgument('argument-build-before', 'BUILD', build) },
  options: { root },
  async run() {
    throw new Error('rollback is not connected yet');
  },
});
