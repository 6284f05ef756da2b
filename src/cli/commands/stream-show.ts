import { openCatalog } from '../../repository/catalog.ts';
import { defineCommand } from '../command.ts';
import { argument } from '../option-kinds.ts';
import { openRepository } from '../repository-context.ts';
import { repo, stream } from '../shared-options.ts';
import { haltWords } from '../staying-lines.ts';

/** `satchel stream show`: what a stream stands for, and whether it is halted. */
export const streamShowCommand = defineCommand({
  arguments: { stream: argument('argument-stream', 'STREAM', stream) },
  options: { repo },
  async run(call) {
    const catalog = await openCatalog(openRepository(call).store, call.signal);
    const record = await catalog.stream(call.arguments.stream);
    const { stream, build, previous, keepDeltas, halted, waypoints = [] } = record;
    return {
      stream,
      build: build.name,
      published: build.published,
      previous,
      keepDeltas,
      waypoints: waypoints.map((waypoint) => waypoint.build),
      halted: halted ?? null,
      rollout: record.rollout ?? null,
      back: record.back ?? null,
    };
  },
  show: ({ stream, build, published, previous, waypoints, halted, rollout, back }, words) => [
    words.say('result-stream-head', { stream, build, published }),
    ...(previous.length > 0 ? [words.say('result-stream-before', { builds: previous.join(', ') })] : []),
    ...(waypoints.length > 0 ? [words.say('result-stream-waypoints', { builds: waypoints.join(', ') })] : []),
    ...(halted === null ? [] : [words.say('result-stream-halt', haltWords(halted, words))]),
    ...(rollout === null ? [] : [words.say('result-stream-rollout', { stream, began: rollout.began })]),
    ...(back === null ? [] : [words.say('result-stream-back', haltWords(back, words))]),
  ],
});
