import { giveUpBootStage, runBootStage } from '../../device/boot-stage-run.ts';
import { deviceLayout, requireDevice } from '../../device/layout.ts';
import { lockDevice } from '../../device/lock.ts';
import { syncFilesystem } from '../../os/system-calls.ts';
import { defineCommand } from '../command.ts';
import { flag } from '../option-kinds.ts';
import { root } from '../shared-options.ts';

const nothing = { staged: false } as const;

/** `satchel boot stage`: what the initramfs calls to carry out an update in place. */
export const bootStageCommand = defineCommand({
  arguments: {},
  options: { root, giveUp: flag('option-give-up'), probe: flag('option-probe') },
  async run({ options: { root: directory, giveUp, probe }, clock, reporter }) {
    const layout = deviceLayout(directory);
    if (probe) {
      // The library for foreign calls is all that is loaded later.
      syncFilesystem(layout.root);
      return nothing;
    }
    requireDevice(layout);
    using _lock = lockDevice(layout);
    const context = { layout, clock, reporter };
    if (giveUp) {
      const kept = await giveUpBootStage(context);
      return kept === undefined ? nothing : { ...nothing, kept };
    }
    const staged = await runBootStage(context);
    return staged === undefined ? nothing : { staged: true as const, ...staged };
  },
  show(result, words) {
    if ('kept' in result) return [words.say('result-boot-stage-given-up', { build: result.kept })];
    if (!result.staged) return [words.say('boot-stage-none')];
    const { from, to, steps } = result;
    return [words.say('result-boot-stage', { from, to, steps })];
  },
});
