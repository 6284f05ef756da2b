import { SatchelError } from '../base/errors.ts';
import type { StreamName } from '../base/identifiers.ts';
import { compareBundleVersions } from '../repository/bundle-version.ts';
import { type Catalog, catalogOf, readDetails } from '../repository/catalog.ts';
import {
  type BundleDelta,
  type BundleDetails,
  type BundleRecord,
  bundleName,
  detailsBytes,
  detailsLimit,
  type GroupName,
  type GroupRecord,
  mostBundles,
  orderOfBundles,
  parseGroupRecord,
} from '../repository/group-record.ts';
import { groupTarget, indexFile } from '../repository/layout.ts';
import { recordBytes, recordFormat } from '../repository/records.ts';
import { compressStored } from '../repository/store-build.ts';
import type { PublishOutcome } from '../trust/outcome.ts';
import type { PublishingContext } from '../trust/publication.ts';
import { publishTargets } from '../trust/publisher.ts';
import { requireOwnFolders } from './own-folders.ts';

/** A group without bundles. */
export function emptyGroup(group: GroupName): GroupRecord {
  return { satchel: 'activities', format: recordFormat, group, titles: {}, descriptions: {}, bundles: [] };
}

/** A change of a group, and what people are to be shown of the bundles that are new in it. */
export type GroupChange = { readonly group: GroupRecord; readonly details?: readonly BundleDetails[] };

/** How it ended. */
export type GroupChanged = { readonly outcome: PublishOutcome; readonly group: GroupRecord };

/**
 * Replaces the record of a group by what `change` makes of it, in one atomic step; it is asked again when another
 * publication came first. Throws `role-activities-absent` in a repository that has no such role yet,
 * `group-details-too-large`, and what `change` throws.
 */
export async function changeGroup(
  context: PublishingContext,
  name: GroupName,
  change: (held: GroupRecord | undefined, catalog: Catalog) => GroupChange | Promise<GroupChange>,
): Promise<GroupChanged> {
  let result: GroupRecord | undefined;
  const outcome = await publishTargets(context, async (current) => {
    if (!current.roles.has('activities'))
      throw new SatchelError('role-activities-absent', { location: context.store.location });
    const catalog = catalogOf(context.store, current, context.signal);
    const held = catalog.hasGroup(name) ? await catalog.group(name) : undefined;
    const { group, details = [] } = await change(held, catalog);
    const known = held === undefined ? [] : await readDetails(context.store, held, context.signal);
    result = await withDetails(context, group, [...details, ...known]);
    const bytes = recordBytes(result);
    // What nobody could read again would be the last change of this group.
    parseGroupRecord(bytes, name);
    return { activities: { add: [{ path: groupTarget(name), bytes }] } };
  });
  return { outcome, group: result! };
}

/** Stores what people are shown of the bundles of a group, and the record that leads there. */
async function withDetails(
  { store }: PublishingContext,
  { details: _old, bundles, ...group }: GroupRecord,
  found: readonly BundleDetails[],
): Promise<GroupRecord> {
  const byName = new Map(found.toReversed().map((each) => [bundleName(each), each]));
  const lines = bundles.flatMap((bundle) => byName.get(bundleName(bundle)) ?? []);
  if (lines.length === 0) return { ...group, bundles };
  const shown = detailsBytes(lines);
  if (shown.length > detailsLimit)
    throw new SatchelError('group-details-too-large', { group: group.group, limit: detailsLimit });
  const { stored, bytes } = await compressStored(shown);
  await store.put(indexFile(stored.stored), bytes);
  return { ...group, details: stored, bundles };
}

/** The same record with these deltas beside its own, one from each version. */
export function withDeltas(bundle: BundleRecord, more: readonly BundleDelta[]): BundleRecord {
  if (more.length === 0) return bundle;
  const all = new Map([...(bundle.deltas ?? []), ...more].map((delta) => [delta.fromIndex, delta]));
  return { ...bundle, deltas: [...all.values()] };
}

/** Which versions a group has after some came in. */
export type Adding = {
  readonly streams: readonly StreamName[];
  /** How many versions of one bundle stay beside those that a stream stands for. */
  readonly keep: number;
};

/**
 * The bundles of a group with these among them, which the given streams stand for from now on. The version that a
 * stream stood for before is let go by it; of each bundle the newest `keep` versions stay. Throws `bundle-older`: a
 * stream does not go back, because devices would not follow; `group-too-large`, `bundle-folder-occupied`.
 */
export function withBundles(
  { group, bundles }: GroupRecord,
  added: readonly BundleRecord[],
  { streams, keep }: Adding,
): BundleRecord[] {
  let next = bundles;
  for (const bundle of added) {
    for (const stream of streams) {
      const head = next.find((each) => each.id === bundle.id && each.streams.includes(stream));
      if (head !== undefined && compareBundleVersions(bundle.version, head.version) < 0)
        throw new SatchelError('bundle-older', {
          ...{ id: bundle.id, version: bundle.version, newer: head.version, stream },
        });
    }
    const same = next.find((each) => bundleName(each) === bundleName(bundle));
    const all = new Set([...(same?.streams ?? []), ...streams]);
    const others = next
      .filter((each) => each !== same)
      .map((each) => (each.id === bundle.id ? without(each, streams) : each));
    // Somebody may have made other deltas to it meanwhile.
    next = [...others, { ...withDeltas(bundle, same?.deltas ?? []), streams: [...all].sort() }];
  }
  const kept = keepNewest(next.toSorted(orderOfBundles), keep);
  if (kept.length > mostBundles) throw new SatchelError('group-too-large', { group, limit: mostBundles });
  requireOwnFolders(group, kept, added);
  return kept;
}

function without(bundle: BundleRecord, streams: readonly StreamName[]): BundleRecord {
  return { ...bundle, streams: bundle.streams.filter((stream) => !streams.includes(stream)) };
}

/** `bundles` are in their order, so that the newest of each come first. */
function keepNewest(bundles: readonly BundleRecord[], keep: number): BundleRecord[] {
  const seen = new Map<string, number>();
  return bundles.filter(({ id, streams }) => {
    const place = seen.get(id) ?? 0;
    seen.set(id, place + 1);
    return place < keep || streams.length > 0;
  });
}
