import { openCatalog } from '../../repository/catalog.ts';
import { defineCommand } from '../command.ts';
import { haltWords } from '../halted-line.ts';
import { argument } from '../option-kinds.ts';
import { openRepository } from '../repository-context.ts';
import { repo, stream } from '../shared-options.ts';

/** `satchel stream show`: what a stream stands for, and whether it is halted. */
export const streamShowCommand = defineCommand({
  arguments: { stream: argument('argument-stream', 'STREAM', stream) },
  options: { repo },
  async run(call) {
    const catalog = await openCatalog(openRepository(call).store, call.signal);
    const { stream, build, previous, keepDeltas, halted } = await catalog.stream(call.arguments.stream);
    return {
      stream,
      build: build.name,
      published: build.published,
      previous,
      keepDeltas,
      halted: halted ?? null,
    };
  },
  show: ({ stream, build, published, previous, halted }, words) => [
    words.say('result-stream-head', { stream, build, published }),
    ...(previous.length > 0 ? [words.say('result-stream-before', { builds: previous.join(', ') })] : []),
    ...(halted === null ? [] : [words.say('result-stream-halt', haltWords(halted, words))]),
  ],
});
