import { formatBytes } from '../../base/units.ts';
import { readOverview } from '../../repository/overview.ts';
import { defineCommand } from '../command.ts';
import { haltWords } from '../halted-line.ts';
import { openRepository } from '../repository-context.ts';
import { repo } from '../shared-options.ts';

/** `satchel list`: the builds and streams of a repository. */
export const listCommand = defineCommand({
  arguments: {},
  options: { repo },
  run: (call) => readOverview(openRepository(call).store, call.signal),
  show({ builds, deltas, streams }, words) {
    if (builds.length === 0) return [words.say('result-list-empty')];
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
