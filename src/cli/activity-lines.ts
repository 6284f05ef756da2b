import type { PublishedBundles } from '../activities/publish-bundles.ts';
import { formatBytes } from '../base/units.ts';
import type { Words } from './command.ts';
import { requestLines } from './signing-request.ts';

/** What publishing bundles did, in lines. */
export function publishedLines(
  result: Omit<PublishedBundles, 'signingRequest'> & { readonly toSign?: Parameters<typeof requestLines>[0] },
  words: Words,
): string[] {
  return [
    ...result.bundles.map(({ name, id, version, files, bytes, alreadyPublished }) =>
      words.say(alreadyPublished ? 'result-activity-again' : 'result-activity-published', {
        ...{ name, id, version, files },
        bytes: formatBytes(bytes),
      }),
    ),
    words.say(result.toSign === undefined ? 'result-activity-group-now' : 'result-activity-group-waits', {
      group: result.group,
      streams: result.streams.join(', '),
      objects: result.newObjects,
      stored: formatBytes(result.newBytes),
    }),
    ...result.dropped.map((name) => words.say('result-activity-dropped', { name, group: result.group })),
    ...requestLines(result.toSign, words),
  ];
}
