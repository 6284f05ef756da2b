import { formatBytes } from '../base/units.ts';
import type { RsyncSettings } from '../rsync/settings.ts';
import type { Words } from './command.ts';

/** How rsync clients are served, for people. `packed` is the directory that is meant where none is set. */
export function rsyncSettingsLines(
  settings: RsyncSettings & { readonly packed: string },
  words: Words,
): string[] {
  const limit = (count: number) => (count === 0 ? words.say('word-no-limit') : count);
  const { connections, perSource, nice, memory, budget, wait, user, packed, upstream } = settings;
  return [
    words.say('result-rsync-connections', {
      connections: limit(connections),
      perSource: limit(perSource),
      nice,
      memory: memory === 0 ? words.say('word-no-limit') : formatBytes(memory),
    }),
    words.say('result-rsync-trees', { budget: formatBytes(budget), wait, user }),
    words.say('result-rsync-packed', { packed }),
    words.say('result-rsync-upstream', { upstream: upstream ?? words.say('word-nowhere') }),
  ];
}
