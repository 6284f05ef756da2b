import { formatBytes } from '../../base/units.ts';
import { fsck } from '../../repository/fsck.ts';
import { isSite } from '../../site/layout.ts';
import { openSourceStore } from '../../store/open.ts';
import { defineCommand } from '../command.ts';
import { value } from '../option-kinds.ts';
import { sourceUrl } from '../options.ts';
import { openRepository } from '../repository-context.ts';
import { repo } from '../shared-options.ts';

/** `satchel fsck`: read everything in a repository again, and repair it from another. */
export const fsckCommand = defineCommand({
  arguments: {},
  options: {
    repo,
    repairFrom: value('option-repair-from', 'URL', sourceUrl),
  },
  async run(call) {
    const { store } = openRepository(call);
    const from = call.options.repairFrom;
    const repairFrom = from === undefined ? undefined : await openSourceStore(from);
    try {
      const { reporter, signal } = call;
      return await fsck({ store, repairFrom, mayLack: isSite(call.options.repo), reporter, signal });
    } finally {
      await repairFrom?.close();
    }
  },
  show: (result, words) => [
    words.say('result-fsck', {
      builds: result.builds,
      files: result.files,
      objects: result.objects,
      bytes: formatBytes(result.bytes),
    }),
    ...(result.notHere > 0 ? [words.say('result-fsck-not-here', { count: result.notHere })] : []),
    ...result.damaged.map(({ file, problem, build, repaired }) =>
      words.say(repaired ? 'result-fsck-repaired' : `result-fsck-${problem}`, { file, build }),
    ),
  ],
  exitCode: ({ damaged }) => (damaged.every(({ repaired }) => repaired) ? 0 : 1),
});
