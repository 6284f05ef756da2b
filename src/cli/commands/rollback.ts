import { olpcBootPointer } from '../../device/boot-olpc.ts';
import { deviceLayout } from '../../device/layout.ts';
import { lockDevice } from '../../device/lock.ts';
import { rollback } from '../../device/rollback.ts';
import { defineCommand } from '../command.ts';
import { optionalArgument } from '../option-kinds.ts';
import { build, root } from '../shared-options.ts';

/** `satchel rollback`: boot the version before, or a named one. */
export const rollbackCommand = defineCommand({
  arguments: { build: optionalArgument('argument-build-before', 'BUILD', build) },
  options: { root },
  async run({ options, arguments: { build: to }, reporter, signal }) {
    const layout = deviceLayout(options.root);
    using _lock = lockDevice(layout);
    return await rollback({ layout, boot: olpcBootPointer(layout), to, reporter, signal });
  },
  show: ({ from, to, rebootNeeded }, words) => [
    words.say('result-rollback', { from: from ?? '—', to }),
    ...(rebootNeeded ? [words.say('result-reboot')] : []),
  ],
});
