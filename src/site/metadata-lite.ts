import { isSatchelError } from '../base/errors.ts';
import { isBuildName, type StreamName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { isNote, liteListFile, liteStreamFile, streamTarget } from '../repository/layout.ts';
import { isListOf, liteListLimit, liteStreamLimit } from '../repository/lite-refresh.ts';
import { type ListFacts, type LiteWaypoint, waypointsNamedIn } from '../repository/lite-rules.ts';
import {
  headerOf,
  isSignedBy,
  type NamedKeys,
  namedKeys,
  parseSignedText,
  type SignedText,
  sha256Of,
} from '../repository/lite-signed.ts';
import { type BuildRecord, parseStreamRecord } from '../repository/records.ts';
import { readAll } from '../store/read-all.ts';
import type { ReadableStore, Store } from '../store/store.ts';
import type { TrustClient } from '../trust/client.ts';
import { readIfThere } from '../trust/read-if-there.ts';
import { placeFile } from './metadata-place.ts';

export type LiteOptions = {
  readonly client: TrustClient;
  readonly store: ReadableStore;
  readonly local: Store;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
  /** Streams that somebody asks for; those that are here are kept up to date without. */
  readonly lite?: readonly string[] | undefined;
  /** True when the metadata has changed. */
  readonly isDue: boolean;
};

/**
 * Brings the signed files for machines with a shell only: of streams that have been asked for once, since a list may be
 * megabytes. A file must be of the build that the stream's signed record names, be signed by all the keys that it
 * names, never go back, and be signed by a key of the one before it: an upstream alone can put no other in its place.
 * What does not fit is left as it was, with a notice. Throws what the source throws.
 */
export async function takeLite(options: LiteOptions): Promise<string[]> {
  const { client, local, signal, lite = [], isDue } = options;
  const written: string[] = [];
  for (const path of client.targetPaths('streams')) {
    const stream = path.slice('streams/'.length, -'.json'.length) as StreamName;
    if (stream.endsWith('.sum') || isNote(path)) continue;
    const held = await readIfThere(local, liteStreamFile(stream), { limit: liteStreamLimit, signal });
    if (lite.includes(stream) || (held !== undefined && isDue))
      written.push(...(await takeStream(options, stream, held)));
  }
  return written;
}

async function takeStream(
  { client, store, local, reporter, signal }: LiteOptions,
  stream: StreamName,
  held: Uint8Array | undefined,
): Promise<string[]> {
  const file = liteStreamFile(stream);
  const bytes = await readIfThere(store, file, { limit: liteStreamLimit, signal });
  if (bytes === undefined || (held !== undefined && Buffer.compare(held, bytes) === 0)) return [];
  const build = await headOf(client, stream, signal);
  if (build === undefined) return [];
  const list = acceptStream(bytes, { stream, build, held });
  if (list === undefined) {
    reporter.notice('site-lite-wrong', { source: store.location, file });
    return [];
  }
  const listFile = liteListFile(build.name);
  const listBytes = await wantedList({ store, local, signal }, listFile, list);
  const signed = listBytes && parseSignedText(listBytes);
  if (!listBytes || !signed || !isListOf(signed, build) || !isSignedBy(signed, list.keys)) {
    reporter.notice('site-lite-wrong', { source: store.location, file: listFile });
    return [];
  }
  const written: string[] = [];
  if (await placeFile(local, listFile, listBytes)) written.push(listFile);
  for (const { name, content } of await waypointLists({ store, local, signal }, list))
    if (await placeFile(local, name, content)) written.push(name);
  if (await placeFile(local, file, bytes)) written.push(file);
  return written;
}

/** The lists of what machines may not pass over; one that the source does not have is left out. */
async function waypointLists(
  places: Pick<LiteOptions, 'store' | 'local' | 'signal'>,
  { keys, waypoints }: WantedList,
): Promise<{ readonly name: string; readonly content: Uint8Array }[]> {
  const found: { name: string; content: Uint8Array }[] = [];
  for (const { build, sha256, length } of waypoints) {
    if (!isBuildName(build)) continue;
    const name = liteListFile(build);
    const content = await wantedList(places, name, { sha256, length: Math.min(length, liteListLimit) });
    const signed = content && parseSignedText(content);
    if (content && signed && headerOf(signed).get('build') === build && isSignedBy(signed, keys))
      found.push({ name, content });
  }
  return found;
}

/** The build that the signed record names; undefined for a record that only a newer Satchel understands. */
async function headOf(
  client: TrustClient,
  stream: StreamName,
  signal: AbortSignal | undefined,
): Promise<BuildRecord | undefined> {
  const target = streamTarget(stream);
  const bytes = await client.target(target, signal ? { signal } : {});
  try {
    return parseStreamRecord(bytes, target).record.build;
  } catch (error) {
    if (isSatchelError(error, 'record-newer', 'record-invalid')) return undefined;
    throw error;
  }
}

type WantedList = ListFacts & { readonly keys: NamedKeys; readonly waypoints: readonly LiteWaypoint[] };

/** The list that a stream's file names, or undefined when the file is not to be believed. */
function acceptStream(
  bytes: Uint8Array,
  expected: {
    readonly stream: StreamName;
    readonly build: BuildRecord;
    readonly held: Uint8Array | undefined;
  },
): WantedList | undefined {
  const signed = parseSignedText(bytes);
  const keys = signed && namedKeys(signed);
  const header = signed && headerOf(signed);
  if (!signed || !keys || header === undefined) return undefined;
  if (header.get('stream') !== expected.stream || header.get('build') !== expected.build.name)
    return undefined;
  if (!isSignedBy(signed, keys) || !follows(signed, expected.held)) return undefined;
  const match = /^([0-9a-f]{64}) (\d{1,15})$/.exec(header.get('list') ?? '');
  if (match === null) return undefined;
  return {
    sha256: match[1]!,
    length: Math.min(Number(match[2]), liteListLimit),
    keys,
    waypoints: waypointsNamedIn(signed),
  };
}

/** True when a key of the file before has signed this one too, and it does not go back. */
function follows(signed: SignedText, held: Uint8Array | undefined): boolean {
  const before = held && parseSignedText(held);
  const keys = before && namedKeys(before);
  // A first file, or one that was damaged on this disk.
  if (!before || !keys) return true;
  const serial = (text: SignedText) => Number(headerOf(text).get('serial'));
  const isKnown = keys.some(({ publicKey }) =>
    signed.signatures.some((line) => isSignedBy({ text: signed.text, signatures: [line] }, [{ publicKey }])),
  );
  return isKnown && serial(signed) >= serial(before);
}

/** The list with this hash, from this disk or the source. */
async function wantedList(
  { store, local, signal }: Pick<LiteOptions, 'store' | 'local' | 'signal'>,
  name: string,
  { sha256, length }: ListFacts,
): Promise<Uint8Array | undefined> {
  for (const place of [local, store])
    try {
      const bytes = await readAll(place, name, { limit: length, signal });
      if (sha256Of(bytes) === sha256) return bytes;
    } catch (error) {
      if (!isSatchelError(error, 'store-not-found', 'store-too-long')) throw error;
    }
  return undefined;
}
