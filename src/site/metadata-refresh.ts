import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { throwIfCancelled } from '../base/cancel.ts';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import { type Reporter, silentReporter } from '../base/progress.ts';
import { type Lock, tryLock } from '../os/file-lock.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { openDirectoryStore } from '../store/directory.ts';
import type { ReadableStore } from '../store/store.ts';
import { openTrustClient, type Refreshed, type TrustClient } from '../trust/client.ts';
import { metadataFile, versionedMetadata } from '../trust/names.ts';
import { placePolicy } from '../trust/policy.ts';
import type { SiteLayout } from './layout.ts';
import { takeLite } from './metadata-lite.ts';
import { isPlaced, placeFile } from './metadata-place.ts';
import { pruneMetadata } from './metadata-prune.ts';
import { missingRoots, rememberRoots } from './metadata-roots.ts';
import { takeRecords } from './metadata-targets.ts';

export type RefreshOptions = {
  readonly layout: SiteLayout;
  /** The upstream, or a stick. */
  readonly store: ReadableStore;
  readonly clock: Clock;
  readonly reporter?: Reporter | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Streams of which the lists for satchel-lite are wanted that are not here yet. */
  readonly lite?: readonly string[] | undefined;
};

/** What a refresh of the metadata of a site brought. */
export type SiteNews = Omit<Refreshed, 'changed'> & {
  /** True when devices see something else than before. */
  readonly changed: boolean;
  /** Names of the files that were written. */
  readonly written: readonly string[];
};

/** So long another process may take, in milliseconds, and so often it is looked whether it is done. */
const lockPatience = 30_000;
const lockPause = 100;

/**
 * Brings the metadata of a site up to date with a source: everything is verified first, then stored byte for byte,
 * `timestamp.json` last, so that devices see the old state or the new. What is lied about changes nothing that devices
 * see. Throws what {@link TrustClient.refresh} throws (`metadata-rolled-back` for a source that is older than what is
 * here), `target-wrong`, `site-metadata-busy`, and what the store throws.
 */
export async function refreshMetadata(options: RefreshOptions): Promise<SiteNews> {
  const { layout, clock, signal, reporter = silentReporter } = options;
  for (const folder of [layout.directory, layout.repository])
    withSystemErrors('mkdir', folder, () =>
      mkdirSync(folder, { recursive: true, mode: folder === layout.directory ? 0o700 : 0o755 }),
    );
  using _lock = await lockMetadata(layout, signal);
  const { store, roots } = rememberRoots(options.store);
  const local = openDirectoryStore(layout.repository);
  const client = openTrustClient({ directory: layout.trust, store, clock, reporter, policy: placePolicy });
  const { changed: _, ...judged } = await client.refresh({ signal });
  const files = publishedFiles(client, judged);
  const written: string[] = [];
  const isComplete = await allPlaced(local, files);
  if (!isComplete) {
    written.push(...(await takeRecords({ client, local, signal })));
    const source = options.store;
    const older = await missingRoots(client.root()!, { local, source, known: roots, reporter, signal });
    for (const [name, bytes] of inOrder([...older, ...files]))
      if (await placeFile(local, name, bytes)) written.push(name);
    pruneMetadata(layout.repository, clock);
  }
  written.push(...(await takeLite({ ...options, client, local, reporter, isDue: !isComplete })));
  return { ...judged, changed: written.length > 0, written };
}

/** The metadata that devices are to see, by the names of its files. */
function publishedFiles(
  client: TrustClient,
  { versions }: Pick<Refreshed, 'versions'>,
): ReadonlyMap<string, Uint8Array> {
  return new Map(
    [...client.files()].map(([role, bytes]) => [
      metadataFile(role, role === 'timestamp' ? undefined : versions[role]),
      bytes,
    ]),
  );
}

/**
 * What others name goes before them, the timestamp last. New roots stand right before it, the oldest first: a device
 * that comes between sees new keys and an old timestamp, and there must be next to no time for that.
 */
function inOrder<Named extends readonly [name: string, bytes: Uint8Array]>(files: readonly Named[]): Named[] {
  const rank = (name: string) => {
    if (name === metadataFile('timestamp')) return Number.POSITIVE_INFINITY;
    const found = versionedMetadata(name);
    return found?.role === 'root' ? found.version : 0;
  };
  return files.toSorted(([one], [other]) => (rank(one) < rank(other) ? -1 : rank(one) > rank(other) ? 1 : 0));
}

async function allPlaced(
  local: ReturnType<typeof openDirectoryStore>,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<boolean> {
  for (const [name, bytes] of files) if (!(await isPlaced(local, name, bytes))) return false;
  return true;
}

/** One process at a time may refresh; the others wait for it a little. */
async function lockMetadata(layout: SiteLayout, signal: AbortSignal | undefined): Promise<Lock> {
  const path = join(layout.directory, 'metadata.lock');
  for (let waited = 0; waited <= lockPatience; waited += lockPause) {
    throwIfCancelled(signal);
    const lock = tryLock(path);
    if (lock !== undefined) return lock;
    await sleep(lockPause);
  }
  throw new SatchelError('site-metadata-busy', { repository: layout.repository });
}
