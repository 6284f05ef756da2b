import { formatBytes } from '../../base/units.ts';
import { defaultGrace, prune } from '../../repository/prune.ts';
import { defineCommand } from '../command.ts';
import { deltaWhy } from '../delta-lines.ts';
import { flag, value } from '../option-kinds.ts';
import { duration } from '../options.ts';
import { openRepository, spoolDirectory } from '../repository-context.ts';
import { keyDir, repo } from '../shared-options.ts';

/** A process that was killed leaves temporary files; a day later nobody can be writing them any more. */
const leftoverAge = 24 * 60 * 60 * 1000;

/** `satchel prune`: delete what no build needs. */
export const pruneCommand = defineCommand({
  arguments: {},
  options: {
    repo,
    keyDir,
    dryRun: flag('option-dry-run-prune'),
    grace: value('option-grace', 'TIME', duration),
  },
  async run(call) {
    const { repo: directory, dryRun, grace } = call.options;
    const context = openRepository(call);
    const result = await prune({
      ...context,
      spoolDirectory: spoolDirectory(directory),
      grace: grace === undefined ? defaultGrace : grace * 1000,
      dryRun,
      reporter: call.reporter,
    });
    const leftovers = dryRun ? 0 : await context.store.removeLeftovers(leftoverAge);
    return { ...result, dryRun, leftovers };
  },
  show: (result, words) => [
    words.say(result.dryRun ? 'result-prune-dry' : 'result-prune', {
      files: result.deleted.length,
      bytes: formatBytes(result.deletedBytes),
    }),
    ...result.deltas.kept.map((delta) => {
      const { from, to, bytes } = delta;
      const why = deltaWhy(delta, words);
      return words.say('result-prune-delta-kept', { from, to, bytes: formatBytes(bytes), why });
    }),
    ...result.deltas.dropped.map(({ from, to, bytes, reason }) =>
      words.say(result.dryRun ? 'result-prune-delta-would-drop' : 'result-prune-delta-dropped', {
        from,
        to,
        bytes: formatBytes(bytes),
        why: words.say(`result-delta-why-${reason}`, { from }),
      }),
    ),
    ...(result.repacked > 0 ? [words.say('result-prune-repacked', { packs: result.repacked })] : []),
    ...(result.waiting > 0
      ? [
          words.say('result-prune-waiting', {
            files: result.waiting,
            bytes: formatBytes(result.waitingBytes),
          }),
        ]
      : []),
  ],
});
