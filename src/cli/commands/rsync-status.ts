import { formatBytes } from '../../base/units.ts';
import { rsyncStatus } from '../../rsync/service-status.ts';
import { requireRepository } from '../../trust/metadata-store.ts';
import { defineCommand } from '../command.ts';
import { openRepository } from '../repository-context.ts';
import { rsyncSettingsLines } from '../rsync-lines.ts';
import { rsyncDirectoryOf } from '../rsync-place.ts';
import { repo, rsyncDir } from '../shared-options.ts';

/** `satchel rsync status`: the settings for rsync clients, the trees that are ready, and what is going on. */
export const rsyncStatusCommand = defineCommand({
  arguments: {},
  options: { repo, rsyncDir },
  async run(call) {
    await requireRepository(openRepository(call).store, call.signal);
    return rsyncStatus(rsyncDirectoryOf(call.options));
  },
  show: ({ directory, url, down, settings, making, ready, usage, transfers }, words) => [
    down !== null
      ? words.say('result-rsync-down', { reason: down })
      : url === null
        ? words.say('result-rsync-not-running', { directory })
        : words.say('result-rsync-running', { url }),
    ...rsyncSettingsLines(settings, words),
    ...ready.map(({ name, used, sticky }) =>
      words.say('result-rsync-tree', {
        name,
        used,
        sticky: sticky ? words.say('result-rsync-tree-sticky') : '',
      }),
    ),
    ...making.map(({ name, percent }) => words.say('result-rsync-making', { name, percent })),
    ...(usage === null
      ? []
      : [words.say('result-rsync-usage', { trees: usage.trees, bytes: formatBytes(usage.bytes) })]),
    words.say('result-rsync-transfers', { count: transfers }),
  ],
});
