import { isSatchelError } from '../base/errors.ts';
import type { SignedFile } from '../repository/build-files.ts';
import { type BundleRecord, everybodysStream, parseGroupRecord } from '../repository/group-record.ts';
import { packFile } from '../repository/layout.ts';
import { readPackUses } from '../repository/pack-uses.ts';
import { type BundleSubject, bundlesIn, type KnownBundle, streamsServed } from './known-bundles.ts';
import type { SignedSource } from './stick-build.ts';
import type { StickHead, StickWish } from './stick-choice.ts';

/** A version of a bundle on its way to a stick, with the files in the order in which they go. */
export type ChosenBundle = { readonly name: BundleSubject; readonly files: readonly SignedFile[] };

/** Every version in the groups that are signed; groups that only a newer Satchel reads are left out. */
export async function signedBundles({ client, signal }: SignedSource): Promise<KnownBundle[]> {
  const bundles: KnownBundle[] = [];
  for (const path of client.targetPaths('activities')) {
    const bytes = await client.target(path, { signal });
    try {
      bundles.push(...bundlesIn(parseGroupRecord(bytes, path)));
    } catch (error) {
      if (!isSatchelError(error, 'record-newer')) throw error;
    }
  }
  return bundles;
}

/** The packs that a bundle needs, from its map, which is verified. Throws what reading it throws. */
export async function packsOfBundle(
  { store, signal }: SignedSource,
  { map }: Pick<BundleRecord, 'map'>,
): Promise<SignedFile[]> {
  const uses = await readPackUses(store, map, signal);
  return uses.map(({ sha256, length }) => ({ name: packFile(sha256), length, sha256 }));
}

/** The bundles that devices of the chosen streams get: of all streams when neither builds nor streams are named. */
export async function chooseBundles(
  source: SignedSource,
  heads: readonly StickHead[],
  { builds, streams, withoutGroups }: StickWish,
): Promise<ChosenBundle[]> {
  if (withoutGroups) return [];
  const isAll = builds.length + streams.length === 0;
  // A repository of content alone has no stream of builds.
  const wanted = isAll ? [...heads.map(({ stream }) => stream), everybodysStream] : streams;
  const chosen: ChosenBundle[] = [];
  for (const known of await signedBundles(source)) {
    if (streamsServed(known, wanted).length === 0) continue;
    const { name, bundle, files, deltas } = known;
    chosen.push({ name, files: [...files, ...deltas, ...(await packsOfBundle(source, bundle))] });
  }
  return chosen;
}
