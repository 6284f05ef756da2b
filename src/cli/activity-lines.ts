import type { BundleDeltas } from '../activities/make-bundle-deltas.ts';
import type { PublishedBundles } from '../activities/publish-bundles.ts';
import { formatBytes, formatSeconds } from '../base/units.ts';
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
    ...bundleDeltaLines(result.deltas, words),
    ...result.dropped.map((name) => words.say('result-activity-dropped', { name, group: result.group })),
    ...requestLines(result.toSign, words),
  ];
}

/** What the deltas that were made save; nothing where none was wanted. */
export function bundleDeltaLines({ made, useless, seconds }: BundleDeltas, words: Words): string[] {
  const sum = (of: (each: (typeof made)[number]) => number) => made.reduce((all, each) => all + of(each), 0);
  const [bytes, objects] = [sum((each) => each.bytes), sum((each) => each.objectBytes)];
  const saved = words.say('result-activity-deltas', {
    ...{ count: made.length, bytes: formatBytes(bytes), objects: formatBytes(objects) },
    percent: ((100 * bytes) / objects).toFixed(1),
    seconds: formatSeconds(seconds),
  });
  return [
    ...(made.length > 0 ? [saved] : []),
    ...(useless > 0 ? [words.say('result-activity-deltas-useless', { useless })] : []),
  ];
}
