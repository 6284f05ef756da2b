import { keepNow } from '../../device/keep.ts';
import { deviceLayout } from '../../device/layout.ts';
import { lockDevice } from '../../device/lock.ts';
import { emptyTrash } from '../../device/trash.ts';
import { settleTrial } from '../../device/trial-settle.ts';
import { defineCommand } from '../command.ts';
import { root } from '../shared-options.ts';

/** `satchel keep`: end the trial of a build that has proved itself, without waiting for the end of its time. */
export const keepCommand = defineCommand({
  arguments: {},
  options: { root },
  async run({ options, clock, reporter, signal }) {
    const layout = deviceLayout(options.root);
    using _lock = lockDevice(layout);
    settleTrial({ layout, clock });
    const kept = keepNow({ layout, clock });
    await emptyTrash(layout, { reporter, signal });
    return kept;
  },
  show: ({ build, removed }, words) => [
    words.say('result-keep', { build }),
    ...(removed.length === 0 ? [] : [words.say('result-purge', { names: removed.join(', ') })]),
  ],
});
