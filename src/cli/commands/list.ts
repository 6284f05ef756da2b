import { formatBytes } from '../../base/units.ts';
import { readOverview } from '../../repository/overview.ts';
import { isSite } from '../../site/layout.ts';
import { defineCommand } from '../command.ts';
import { openRepository } from '../repository-context.ts';
import { repo } from '../shared-options.ts';
import { haltWords } from '../staying-lines.ts';

/** `satchel list`: the builds and streams of a repository. */
export const listCommand = defineCommand({
  arguments: {},
  options: { repo },
  run: (call) => {
    const mayLack = isSite(call.options.repo);
    return readOverview(openRepository(call).store, { mayLack, signal: call.signal });
  },
  show({ builds, notHere, deltas, streams }, words) {
    if (builds.length + notHere.length === 0) return [words.say('result-list-empty')];
    return [
      ...builds.map(({ name, files, treeBytes, storedBytes, published, streams: heads }) =>
        words.say(heads.length > 0 ? 'result-list-head' : 'result-list-build', {
          name,
          files,
          bytes: formatBytes(treeBytes),
          stored: formatBytes(storedBytes),
          published,
          streams: heads.join(', '),
        }),
      ),
      ...notHere.map((name) => words.say('result-list-not-here', { name })),
      ...deltas.map(({ from, to, bytes, memory }) =>
        words.say('result-update-delta', {
          from,
          to,
          bytes: formatBytes(bytes),
          memory: formatBytes(memory),
        }),
      ),
      ...streams.flatMap(({ name, head, halted }) => [
        words.say('result-list-stream', { name, head }),
        ...(halted === undefined ? [] : [words.say('result-stream-halt', haltWords(halted, words))]),
      ]),
    ];
  },
});
