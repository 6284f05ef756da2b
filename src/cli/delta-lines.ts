import type { StreamName } from '../base/identifiers.ts';
import { formatBytes, formatSeconds } from '../base/units.ts';
import type { DeltaReport } from '../repository/delta-create.ts';
import type { Words } from './command.ts';

/** What became of a delta that was to be made. */
export function deltaMadeLine(delta: DeltaReport, words: Words): string {
  return words.say(delta.alreadyThere ? 'result-delta-held' : 'result-delta-made', {
    from: delta.from,
    to: delta.to,
    bytes: formatBytes(delta.bytes),
    segments: delta.segments,
    percent: (100 * delta.ratio).toFixed(1),
    objects: formatBytes(delta.objectBytes),
    memory: formatBytes(delta.memory),
    seconds: formatSeconds(delta.seconds),
  });
}

/** Why a delta is kept. */
export function deltaWhy(
  { streams, asked }: { readonly streams: readonly StreamName[]; readonly asked: boolean },
  words: Words,
): string {
  if (streams.length === 0) return words.say('result-delta-why-asked');
  return words.say(asked ? 'result-delta-why-both' : 'result-delta-why-streams', {
    streams: streams.join(', '),
  });
}
