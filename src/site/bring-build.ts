import type { BuildName } from '../base/identifiers.ts';
import { freeBuffer } from '../base/memory.ts';
import type { ReadableStore } from '../store/store.ts';
import { openSiteCatalog } from './mirror-catalog.ts';
import { missingFiles } from './mirror-missing.ts';
import type { MirrorFile, MirrorPlace } from './mirror-types.ts';

/** After the lists are here it is known which packs are missing; after the packs nothing is. */
const mostRounds = 3;

/**
 * Fetches through the site what it lacks of a build: records, lists and the frames of packs, no deltas. Afterwards the
 * build can be read from the disk. Throws `build-not-found` and what fetching throws.
 */
export async function bringBuild(place: MirrorPlace, name: BuildName, signal: AbortSignal): Promise<void> {
  for (let round = 1; round <= mostRounds; round += 1) {
    const catalog = await openSiteCatalog(place.layout, { through: place.store, signal });
    const record = { build: await catalog.build(name), deltas: await catalog.deltas(name) };
    const question = { catalog, record, streams: [], running: undefined, signal };
    const files = (await missingFiles(place, question)).filter(({ kind }) => kind !== 'deltas');
    if (files.length === 0) return;
    for (const file of files) await fetchFile(place.store, file, signal);
  }
}

async function fetchFile(
  store: ReadableStore,
  { name, parts }: MirrorFile,
  signal: AbortSignal,
): Promise<void> {
  if (name === undefined) return;
  const wanted = parts?.map(({ start, end }) => ({ offset: start, length: end - start })) ?? [{}];
  for (const part of wanted) {
    const { body } = await store.read(name, { ...part, signal });
    for await (const piece of body) if (piece.length === piece.buffer.byteLength) freeBuffer(piece);
  }
}
