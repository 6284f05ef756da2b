import { throwIfCancelled } from '../base/cancel.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import type { StreamName } from '../base/identifiers.ts';
import { type Reporter, silentReporter } from '../base/progress.ts';
import { parseIndex } from '../build/index-format.ts';
import { serialiseKeyLine } from '../formats/signature-line.ts';
import type { Store } from '../store/store.ts';
import type { LiteKey } from '../trust/lite-keys.ts';
import { lifetimeOf, type PublishingContext } from '../trust/publication.ts';
import { readIfThere } from '../trust/read-if-there.ts';
import { day } from '../trust/roles.ts';
import { backTarget, parseBackPermit } from './back-record.ts';
import { type Catalog, openCatalog, readIndex } from './catalog.ts';
import { liteListFile, liteStreamFile } from './layout.ts';
import { liteListText } from './lite-list.ts';
import { type ListFacts, type LiteWaypoint, ruleLines } from './lite-rules.ts';
import { headerOf, isSignedBy, parseSignedText, type SignedText, sha256Of, signText } from './lite-signed.ts';
import type { BuildRecord, StreamRecord } from './records.ts';

/** What writing the lists did. */
export type LiteRefreshed = {
  /** Names of the files that were written. */
  readonly written: readonly string[];
  /** How many were right as they were. */
  readonly current: number;
};

/** Most bytes of a list: one of an index at its limit stays below. */
export const liteListLimit = 512 * 1024 * 1024;
export const liteStreamLimit = 2 * 1024 * 1024;

/** Publications may come faster than lists are written; nobody publishes so fast for long. */
const attempts = 20;

type Work = {
  readonly context: PublishingContext & { readonly reporter: Reporter };
  readonly keys: readonly LiteKey[];
  readonly catalog: Catalog;
};

/**
 * Writes the signed files for satchel-lite that are missing or old: for each stream the list of its build, and last
 * the stream's file, which names the list. Does nothing without keys for it. What is right stays as it is, so it may
 * be called at any time; a crash leaves the old files, which are still good. Last the file of the public keys, which
 * then holds those that are here and no others.
 */
export async function refreshLite(
  given: PublishingContext & { readonly reporter?: Reporter },
): Promise<LiteRefreshed> {
  const context = { ...given, reporter: given.reporter ?? silentReporter };
  const keys = context.keys.lite.load();
  const written: string[] = [];
  let current = 0;
  if (keys.length === 0) {
    context.keys.lite.publish();
    return { written, current };
  }
  const { streamNames } = await openCatalog(context.store, context.signal);
  for (const stream of streamNames()) {
    throwIfCancelled(context.signal);
    const did = await refreshStream(context, keys, stream);
    written.push(...did);
    if (did.length === 0) current += 1;
  }
  await removeOldStreams(context.store, await openCatalog(context.store, context.signal));
  context.keys.lite.publish();
  return { written, current };
}

/**
 * As {@link refreshLite}, for the end of a publication, which must not fail any more: what goes wrong is a notice.
 */
export async function followWithLite(
  context: PublishingContext & { readonly reporter?: Reporter },
): Promise<void> {
  try {
    await refreshLite(context);
  } catch (error) {
    if (!isSatchelError(error) || error.code === 'cancelled') throw error;
    context.reporter?.notice('lite-not-written', { reason: error.message });
  }
}

/** The files of one stream that had to be written. */
async function refreshStream(
  context: Work['context'],
  keys: Work['keys'],
  stream: StreamName,
): Promise<string[]> {
  const file = liteStreamFile(stream);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const catalog = await openCatalog(context.store, context.signal);
    if (!catalog.hasStream(stream)) return [];
    const work = { context, keys, catalog };
    const record = await catalog.stream(stream);
    const lists = await listsOf(work, record);
    if (lists === undefined) return [];
    const held = await readIfThere(context.store, file, { limit: liteStreamLimit, signal: context.signal });
    const signed = held && parseSignedText(held);
    const facts = await streamFacts(work, record, lists);
    if (signed && isStillGood(work, signed, facts)) return lists.written;
    // Another process may have seen a newer state of the repository meanwhile: a serial never goes back.
    if (signed && Number(headerOf(signed).get('serial')) > facts.serial && isSignedBy(signed, keys)) continue;
    const bytes = signText(streamText(work, facts), keys);
    if (await context.store.compareAndSwap(file, held ?? null, bytes)) return [...lists.written, file];
  }
  throw new SatchelError('publish-contended', { location: context.store.location });
}

type ListFile = ListFacts & { readonly written: string[] };

/** The list of the head, and those of what may not be passed over. */
type Lists = {
  readonly head: ListFacts;
  readonly waypoints: readonly LiteWaypoint[];
  readonly written: string[];
};

/** The signed lists of all builds that a stream leads to; undefined (and a notice) when one of them cannot be. */
async function listsOf(
  work: Work,
  { stream, build, waypoints = [] }: StreamRecord,
): Promise<Lists | undefined> {
  const head = await listOf(work, stream, build);
  if (head === undefined) return undefined;
  const written = [...head.written];
  const found: LiteWaypoint[] = [];
  for (const { build: name, sequence } of waypoints) {
    const record = await work.catalog.build(name);
    const list = await listOf(work, stream, record);
    if (list === undefined) return undefined;
    written.push(...list.written);
    found.push({ build: name, sequence, bytes: record.tree.bytes, sha256: list.sha256, length: list.length });
  }
  return { head, waypoints: found, written };
}

/** The signed list of a build, written if it is not there; undefined (and a notice) when there cannot be one. */
async function listOf(
  { context, keys, catalog }: Work,
  stream: StreamName,
  build: BuildRecord,
): Promise<ListFile | undefined> {
  const { store, signal, reporter } = context;
  if (stream.endsWith('.sum')) {
    reporter.notice('lite-stream-name-left-out', { stream });
    return undefined;
  }
  const file = liteListFile(build.name);
  const held = await readIfThere(store, file, { limit: liteListLimit, signal });
  const signed = held && parseSignedText(held);
  if (held && signed && isListOf(signed, build) && isSignedBy(signed, keys))
    return { sha256: sha256Of(held), length: held.length, written: [] };
  try {
    const text = liteListText(build, parseIndex(await readIndex(catalog, build, signal)));
    const bytes = signText(text, keys);
    // Who came first wrote the list of the same build.
    if (!(await store.compareAndSwap(file, held ?? null, bytes)))
      return listOf({ context, keys, catalog }, stream, build);
    return { sha256: sha256Of(bytes), length: bytes.length, written: [file] };
  } catch (error) {
    if (!isSatchelError(error, 'lite-path-left-out', 'lite-attribute-left-out')) throw error;
    reporter.notice(error.code, { ...error.parameters, stream });
    return undefined;
  }
}

/** True when a list says which build it is of, and it is this one. */
export function isListOf(signed: SignedText, build: BuildRecord): boolean {
  const header = headerOf(signed);
  return (
    header.get('satchel-lite') === '1 tree' &&
    header.get('build') === build.name &&
    header.get('index') === build.index.sha256 &&
    header.get('sequence') === String(build.sequence)
  );
}

type StreamFacts = {
  readonly serial: number;
  /** A file that was signed before says of a stage of the rollout that has begun that it has not. */
  readonly notBefore: number;
  readonly lines: readonly string[];
};

async function streamFacts(
  { catalog, keys }: Work,
  record: StreamRecord,
  { head: list, waypoints }: Lists,
): Promise<StreamFacts> {
  const { stream, build, rollout } = record;
  const path = backTarget(stream);
  const bytes = await catalog.note('builds', path);
  const permit = bytes && parseBackPermit(bytes, path);
  const { version, issued = 0 } = catalog.metadata.timestamp.signed;
  return {
    serial: version,
    notBefore: rollout === undefined ? 0 : issued,
    lines: [
      `stream ${stream}`,
      `build ${build.name}`,
      `sequence ${build.sequence}`,
      `bytes ${build.tree.bytes}`,
      `list ${list.sha256} ${list.length}`,
      ...ruleLines(record, { waypoints, permit }),
      ...keys.map(({ publicKey }) => serialiseKeyLine(publicKey)),
    ],
  };
}

/** The file says the same, all keys signed it, and more than half of its life is left. */
function isStillGood(
  { context, keys }: Work,
  signed: SignedText,
  { lines, notBefore }: StreamFacts,
): boolean {
  const header = headerOf(signed);
  const issued = Date.parse(header.get('issued') ?? '');
  const expires = Date.parse(header.get('expires') ?? '');
  const now = context.clock();
  const isFresh = issued >= notBefore && issued <= now + day && expires - now > (expires - issued) / 2;
  const said = signed.text.toString('latin1').split('\n');
  return (
    isFresh && lines.every((line, place) => said[place + headLines] === line) && isSignedBy(signed, keys)
  );
}

/** Lines of a stream's file before its facts. */
const headLines = 4;

function streamText({ context }: Work, { serial, lines }: StreamFacts): Buffer {
  const now = context.clock();
  const head = [
    'satchel-lite 1 stream',
    `serial ${serial}`,
    `issued ${recordTime(now)}`,
    `expires ${recordTime(now + lifetimeOf(context, 'timestamp') * day)}`,
  ];
  return Buffer.from(`${[...head, ...lines].join('\n')}\n`, 'latin1');
}

/** Files of streams that are no more; lists of builds stay until `prune`, for devices that are fetching them. */
async function removeOldStreams(store: Store, catalog: Catalog): Promise<void> {
  const streams = new Set<string>(catalog.streamNames().map(liteStreamFile));
  const old: string[] = [];
  for await (const { name } of store.list('lite/'))
    if (!name.endsWith('.sum') && !streams.has(name)) old.push(name);
  for (const name of old) await store.delete(name);
}
