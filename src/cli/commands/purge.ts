import { deviceLayout } from '../../device/layout.ts';
import { lockDevice } from '../../device/lock.ts';
import { purgeVersions, whatPurgeRemoves } from '../../device/purge.ts';
import { emptyTrash } from '../../device/trash.ts';
import { defineCommand } from '../command.ts';
import { flag } from '../option-kinds.ts';
import { root } from '../shared-options.ts';

/** `satchel purge`: remove versions that are neither booted, nor the way back, nor sticky. */
export const purgeCommand = defineCommand({
  arguments: {},
  options: { root, dryRun: flag('option-dry-run-purge') },
  async run({ options: { root: directory, dryRun }, reporter, signal }) {
    const layout = deviceLayout(directory);
    using _lock = lockDevice(layout);
    if (dryRun) return { dryRun, removed: whatPurgeRemoves(layout) };
    const { removed } = purgeVersions(layout, { reporter });
    await emptyTrash(layout, { reporter, signal });
    return { dryRun, removed };
  },
  show: ({ dryRun, removed }, words) =>
    removed.length === 0
      ? [words.say('result-purge-nothing')]
      : [words.say(dryRun ? 'result-purge-dry' : 'result-purge', { names: removed.join(', ') })],
});
