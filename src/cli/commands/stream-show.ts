import { openCatalog } from '../../repository/catalog.ts';
import { defineCommand } from '../command.ts';
import { argument } from '../option-kinds.ts';
import { openRepository } from '../repository-context.ts';
import { repo, stream } from '../shared-options.ts';
import { streamLines, streamSummary } from '../stream-lines.ts';

/** `satchel stream show`: what a stream stands for, and whether it is halted. */
export const streamShowCommand = defineCommand({
  arguments: { stream: argument('argument-stream', 'STREAM', stream) },
  options: { repo },
  async run(call) {
    const catalog = await openCatalog(openRepository(call).store, call.signal);
    return streamSummary(await catalog.stream(call.arguments.stream));
  },
  show: streamLines,
});
