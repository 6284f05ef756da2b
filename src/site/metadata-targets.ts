import { statSync } from 'node:fs';
import { join } from 'node:path';
import { throwIfCancelled } from '../base/cancel.ts';
import { isSatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { buildTarget, deltasTarget, isNote } from '../repository/layout.ts';
import { parseStreamRecord } from '../repository/records.ts';
import type { Store } from '../store/store.ts';
import type { TrustClient } from '../trust/client.ts';
import { targetFileName } from '../trust/names.ts';
import type { TargetInfo } from '../trust/target-search.ts';
import { placeFile } from './metadata-place.ts';

/** Records that come with the metadata are not more than this together; the others come when they are asked for. */
const mostRecords = 1024 * 1024;

/** So many are asked for at the same time. */
const atOnce = 6;

export type RecordsOptions = {
  readonly client: TrustClient;
  readonly local: Store;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Brings the records that devices will ask for next: those of all streams and groups, which a device cannot do without,
 * and what is small of builds and their deltas, heads first. Gives the names of the files that were written. Throws
 * `target-wrong` and what the source throws, for a stream's record; another that cannot be had is left out.
 */
export async function takeRecords({ client, local, signal }: RecordsOptions): Promise<string[]> {
  const written: string[] = [];
  const place = async (info: TargetInfo, bytes: Uint8Array) => {
    const name = nameOf(info);
    if (name !== undefined && (await placeFile(local, name, bytes))) written.push(name);
  };
  const wanted = signal ? { signal } : {};
  await inParallel(infosOf(client, 'activities'), signal, async (info) => {
    await place(info, await client.target(info.path, wanted));
  });
  const heads = new Set<string>();
  await inParallel(infosOf(client, 'streams'), signal, async (info) => {
    const bytes = await client.target(info.path, wanted);
    await place(info, bytes);
    for (const build of buildsOf(bytes, info.path)) heads.add(buildTarget(build)).add(deltasTarget(build));
  });
  const absent = [...infosOf(client, 'builds'), ...infosOf(client, 'deltas')].filter(
    (info) => !isHere(local, info),
  );
  const isHead = ({ path }: TargetInfo) => heads.has(path) || isNote(path);
  const ordered = [...absent.filter(isHead), ...absent.filter((info) => !isHead(info))];
  await inParallel(smallOnes(ordered), signal, async (info) => {
    try {
      await place(info, await client.download(info, wanted));
    } catch (error) {
      // One old record that is damaged at the upstream must not keep the news from everybody.
      if (!isSatchelError(error, 'target-wrong', 'store-not-found', 'store-refused')) throw error;
    }
  });
  return written;
}

/** Does the same with each, a few at a time; the first failure ends it. */
async function inParallel<Item>(
  items: readonly Item[],
  signal: AbortSignal | undefined,
  action: (item: Item) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const work = async () => {
    for (const item of left) {
      throwIfCancelled(signal);
      await action(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
}

/** The first of them, as many as are small together. */
function smallOnes(infos: readonly TargetInfo[]): TargetInfo[] {
  let total = 0;
  return infos.filter(({ length }) => {
    total += length;
    return total <= mostRecords;
  });
}

function infosOf(client: TrustClient, role: string): TargetInfo[] {
  return client.targetPaths(role).flatMap((path) => client.targetInfo(path) ?? []);
}

function nameOf({ path, sha256 }: TargetInfo): string | undefined {
  return sha256 === undefined ? undefined : targetFileName(path, sha256);
}

function isHere(local: Store, info: TargetInfo): boolean {
  const name = nameOf(info);
  if (name === undefined) return true;
  return statSync(join(local.location, name), { throwIfNoEntry: false })?.size === info.length;
}

/** The builds that a stream leads to; none for a record that only a newer Satchel understands. */
function buildsOf(bytes: Uint8Array, path: string): BuildName[] {
  try {
    const { build, waypoints = [] } = parseStreamRecord(bytes, path).record;
    return [build.name, ...waypoints.map((waypoint) => waypoint.build)];
  } catch (error) {
    if (isSatchelError(error)) return [];
    throw error;
  }
}
