import { throwIfCancelled } from '../base/cancel.ts';
import type { Clock } from '../base/clock.ts';
import { isSatchelError } from '../base/errors.ts';
import { Fields } from '../base/fields.ts';
import type { BuildName, StreamName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { readAll } from '../store/read-all.ts';
import type { Store, Stored } from '../store/store.ts';
import type { KeyRing } from '../trust/keys.ts';
import { openCatalog } from './catalog.ts';
import { tryMakerLock } from './delta-lock.ts';
import { type DeltaState, type DropReason, deltaStates, dropTest } from './delta-policy.ts';
import { dropDeltas } from './deltas-records.ts';
import { readKnownObjects } from './known-objects.ts';
import { liveFiles, repositoryFolders, unreferencedFile } from './live-files.ts';
import { repackWaste } from './repack.ts';

export type PruneOptions = {
  readonly store: Store;
  readonly spoolDirectory: string;
  readonly keys: KeyRing;
  readonly clock: Clock;
  /** How long a file stays after its last use ended, in milliseconds. */
  readonly grace: number;
  /** Says what would be done and does nothing. */
  readonly dryRun: boolean;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

export type PruneResult = {
  /** Files that were (or with `dryRun` would be) deleted. */
  readonly deleted: readonly string[];
  readonly deletedBytes: number;
  /** Files without use whose grace has not ended yet. */
  readonly waiting: number;
  readonly waitingBytes: number;
  /** Packs that were less than half in use and have been written anew. */
  readonly repacked: number;
  /** What was done with each delta, and why. */
  readonly deltas: { readonly kept: readonly KeptDelta[]; readonly dropped: readonly DroppedDelta[] };
};

/** A delta that stays: streams name it, or somebody asked for it. */
export type KeptDelta = {
  readonly from: BuildName;
  readonly to: BuildName;
  readonly bytes: number;
  readonly streams: readonly StreamName[];
  readonly asked: boolean;
};

/** A delta that no record names any more (or with `dryRun` would name); its file goes after the grace. */
export type DroppedDelta = {
  readonly from: BuildName;
  readonly to: BuildName;
  readonly bytes: number;
  readonly reason: DropReason;
};

/** Devices in the middle of a download keep their source for a week. */
export const defaultGrace = 7 * 24 * 60 * 60 * 1000;

/**
 * Removes files that nothing has referred to for the grace period, after writing packs anew that are less
 * than half in use and taking deltas out of the records that no policy names. Since when a file is without use is kept in the store itself, so it does not matter who
 * prunes. A publication that is under way is safe while the grace is longer than it takes.
 */
export async function prune(options: PruneOptions): Promise<PruneResult> {
  const { store, clock, grace, dryRun, signal } = options;
  // While somebody makes deltas, a file that no record names may be about to be named.
  using lock = dryRun ? undefined : tryMakerLock(options.spoolDirectory);
  const repacked = dryRun ? 0 : await repackWaste(options);
  const deltas = describeDeltas(await deltaStates(await openCatalog(store, signal)));
  if (!dryRun && deltas.dropped.length > 0) await dropDeltas(options, dropTest);
  const catalog = await openCatalog(store, signal);
  const live = await liveFiles(catalog, await readKnownObjects(catalog, signal), await dropTest(catalog));
  const unused = await unusedFiles(store, live, signal);
  const { since, bytes: noted } = await readSince(store, signal);
  const now = clock();
  const next = new Map(unused.map(({ name }) => [name, Math.min(since.get(name) ?? now, now)]));
  const mayBeNew = (name: string) => lock === undefined && !dryRun && name.endsWith('.delta');
  const due = unused.filter(({ name }) => now - (next.get(name) ?? now) >= grace && !mayBeNew(name));
  if (!dryRun) {
    for (const { name } of due) {
      throwIfCancelled(signal);
      await store.delete(name);
      next.delete(name);
    }
    await store.compareAndSwap(unreferencedFile, noted, sinceBytes(next));
  }
  const sum = (files: readonly Stored[]) => files.reduce((total, { size }) => total + size, 0);
  return {
    deleted: due.map(({ name }) => name),
    deletedBytes: sum(due),
    waiting: unused.length - due.length,
    waitingBytes: sum(unused) - sum(due),
    repacked,
    deltas,
  };
}

function describeDeltas(states: readonly DeltaState[]): PruneResult['deltas'] {
  const kept: KeptDelta[] = [];
  const dropped: DroppedDelta[] = [];
  for (const { from, to, reference, streams, drop } of states) {
    if (reference === undefined) continue;
    const { length: bytes, why } = reference;
    if (drop === undefined) kept.push({ from, to, bytes, streams, asked: why === 'asked' });
    else dropped.push({ from, to, bytes, reason: drop });
  }
  return { kept, dropped };
}

async function unusedFiles(
  store: Store,
  live: ReadonlyMap<string, unknown>,
  signal: AbortSignal | undefined,
): Promise<Stored[]> {
  const unused: Stored[] = [];
  for (const folder of repositoryFolders) {
    for await (const file of store.list(`${folder}/`)) {
      throwIfCancelled(signal);
      if (!live.has(file.name)) unused.push(file);
    }
  }
  return unused;
}

/** Since when (milliseconds since 1970) each file is without use, as the last run noted it. */
async function readSince(
  store: Store,
  signal: AbortSignal | undefined,
): Promise<{ since: Map<string, number>; bytes: Uint8Array | null }> {
  let bytes: Buffer;
  try {
    bytes = await readAll(store, unreferencedFile, { limit: 64 * 1024 * 1024, signal });
  } catch (error) {
    if (isSatchelError(error, 'store-not-found')) return { since: new Map(), bytes: null };
    throw error;
  }
  const fields = Fields.parse(bytes, unreferencedFile);
  fields.expectFormat('unreferenced', 1);
  return {
    since: new Map(fields.list('files').map((file) => [file.text('name'), file.count('since')])),
    bytes,
  };
}

function sinceBytes(since: ReadonlyMap<string, number>): Uint8Array {
  const files = [...since].map(([name, time]) => ({ name, since: time }));
  return Buffer.from(JSON.stringify({ satchel: 'unreferenced', format: 1, files }));
}
