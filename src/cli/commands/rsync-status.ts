import { defaultRsyncDirectory } from '../../rsync/layout.ts';
import { rsyncStatus } from '../../rsync/service-status.ts';
import { defineCommand } from '../command.ts';
import { rsyncSettingsLines } from '../rsync-lines.ts';
import { repo, rsyncDir } from '../shared-options.ts';

/** `satchel rsync status`: the settings for rsync clients, the trees that are ready, and what is going on. */
export const rsyncStatusCommand = defineCommand({
  arguments: {},
  options: { repo, rsyncDir },
  run: async ({ options }) => rsyncStatus(options.rsyncDir ?? defaultRsyncDirectory(options.repo)),
  show: ({ directory, url, settings, making, ready, transfers }, words) => [
    url === null
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
    words.say('result-rsync-transfers', { count: transfers }),
  ],
});
