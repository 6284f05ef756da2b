import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import { type StreamName, streamName } from '../base/identifiers.ts';
import { everybodysStream } from '../repository/group-record.ts';
import { isNote, nameOfTarget } from '../repository/layout.ts';
import { openDirectoryStore } from '../store/directory.ts';
import { openTrustClient, type TrustClient } from '../trust/client.ts';
import { placePolicy } from '../trust/policy.ts';
import type { SiteLayout } from './layout.ts';

/** Names of the streams that verified metadata tell of, in byte order. */
export function streamNames(client: TrustClient): StreamName[] {
  return client
    .targetPaths('streams')
    .filter((path) => !isNote(path))
    .map(nameOfTarget)
    .map(streamName)
    .sort();
}

/** Names of all that a site can follow, in byte order. */
export function followableStreams(client: TrustClient): StreamName[] {
  const streams = streamNames(client);
  return isOfContentAlone(client, everybodysStream) ? [...streams, everybodysStream].sort() : streams;
}

/** True for a stream without builds that there is all the same: where groups are, they have what is for everybody. */
export function isOfContentAlone(client: TrustClient, stream: StreamName): boolean {
  if (stream !== everybodysStream || streamNames(client).includes(stream)) return false;
  return client.targetPaths('activities').length > 0;
}

/**
 * Refuses streams that the verified metadata of a site do not tell of: the slip of a finger would be mirrored by
 * nobody. Before the first metadata every name may be right. Throws `site-stream-unknown`.
 */
export function requireStreams(
  { layout, clock }: { readonly layout: SiteLayout; readonly clock: Clock },
  streams: readonly StreamName[],
): void {
  if (streams.length === 0) return;
  const store = openDirectoryStore(layout.repository);
  const client = openTrustClient({ directory: layout.trust, store, clock, policy: placePolicy });
  if (!client.files().has('timestamp')) return;
  const known = followableStreams(client);
  const name = streams.find((stream) => !known.includes(stream));
  if (name !== undefined)
    throw new SatchelError('site-stream-unknown', { name, streams: known.join(', ') || '—' });
}
