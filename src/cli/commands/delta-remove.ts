import { openCatalog } from '../../repository/catalog.ts';
import { missingDeltas } from '../../repository/delta-policy.ts';
import { removeDelta } from '../../repository/deltas-records.ts';
import { defineCommand } from '../command.ts';
import { argument } from '../option-kinds.ts';
import { openRepository } from '../repository-context.ts';
import { build, keyDir, repo } from '../shared-options.ts';

/** `satchel delta remove A B`: stop offering a delta. */
export const deltaRemoveCommand = defineCommand({
  arguments: {
    from: argument('argument-delta-from', 'A', build),
    to: argument('argument-delta-to', 'B', build),
  },
  options: { repo, keyDir },
  async run(call) {
    const { from, to } = call.arguments;
    const context = openRepository(call);
    await removeDelta(context, { from, to });
    const missing = await missingDeltas(await openCatalog(context.store, call.signal));
    for (const { streams } of missing.filter((delta) => delta.from === from && delta.to === to))
      call.reporter.notice('delta-still-wanted', { from, to, stream: streams.join(', ') });
    return { from, to };
  },
  show: ({ from, to }, words) => [words.say('result-delta-removed', { from, to })],
});
