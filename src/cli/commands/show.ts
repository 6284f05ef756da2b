import { formatBytes } from '../../base/units.ts';
import { openCatalog } from '../../repository/catalog.ts';
import { defineCommand } from '../command.ts';
import { argument } from '../option-kinds.ts';
import { openRepository } from '../repository-context.ts';
import { build, repo } from '../shared-options.ts';

/** `satchel show`: all that is signed about one build. */
export const showCommand = defineCommand({
  arguments: { build: argument('argument-build', 'BUILD', build) },
  options: { repo },
  async run(call) {
    const catalog = await openCatalog(openRepository(call).store, call.signal);
    const record = await catalog.build(call.arguments.build);
    const deltas = await catalog.deltas(record.name);
    const streams: string[] = [];
    for (const name of catalog.streamNames())
      if ((await catalog.stream(name)).build.name === record.name) streams.push(name);
    const { satchel: _kind, format: _format, ...said } = record;
    return {
      ...said,
      map: deltas.map,
      everything: deltas.everything,
      costs: deltas.costs,
      deltas: deltas.deltas,
      streams,
    };
  },
  show: (result, words) => [
    words.say('result-show', {
      name: result.name,
      entries: result.tree.entries,
      files: result.tree.files,
      bytes: formatBytes(result.tree.bytes),
      published: result.published,
    }),
    words.say('result-show-contents', { hash: result.contents.hash, type: result.contents.type }),
    words.say('result-show-index', {
      sha256: result.index.sha256,
      index: formatBytes(result.index.length),
      map: formatBytes(result.map.length),
      everything: formatBytes(result.everything),
    }),
    ...result.costs.map(({ from, bytes }) =>
      words.say('result-update-cost', { from, to: result.name, bytes: formatBytes(bytes) }),
    ),
    ...result.deltas.map(({ from, length, memory }) =>
      words.say('result-update-delta', {
        from,
        to: result.name,
        bytes: formatBytes(length),
        memory: formatBytes(memory),
      }),
    ),
    ...result.streams.map((name) => words.say('result-list-stream', { name, head: result.name })),
    ...(result.waypoint ? [words.say('result-show-waypoint')] : []),
    ...(result.minimumClient ? [words.say('result-show-client', { version: result.minimumClient })] : []),
    ...(result.notes ? [result.notes] : []),
  ],
});
