import { openCatalog } from '../../repository/catalog.ts';
import { defineCommand } from '../command.ts';
import { openRepository } from '../repository-context.ts';
import { repo } from '../shared-options.ts';
import { streamLines, streamSummary } from '../stream-lines.ts';

/** `satchel stream list`: what each stream of a repository stands for. */
export const streamListCommand = defineCommand({
  arguments: {},
  options: { repo },
  async run(call) {
    const catalog = await openCatalog(openRepository(call).store, call.signal);
    const records = await Promise.all(catalog.streamNames().map((name) => catalog.stream(name)));
    return { streams: records.map(streamSummary) };
  },
  show: ({ streams }, words) =>
    streams.length === 0
      ? [words.say('result-stream-none')]
      : streams.flatMap((stream) => streamLines(stream, words)),
});
