import { SatchelError } from '../base/errors.ts';
import type { StreamName } from '../base/identifiers.ts';
import type { BundleId, Texts } from '../repository/bundle-record.ts';
import type { BundleVersion } from '../repository/bundle-version.ts';
import { openCatalog } from '../repository/catalog.ts';
import { bundleName, type GroupName, type GroupRecord } from '../repository/group-record.ts';
import type { PublishingContext } from '../trust/publication.ts';
import { deltaBases } from './delta-bases.ts';
import { changeGroup, emptyGroup, type GroupChanged, withBundles, withDeltas } from './group-change.ts';
import { type BundleDeltas, type DeltaMaking, makeBundleDeltas } from './make-bundle-deltas.ts';

/** Languages to texts that are to change; an empty text takes one away. */
export type TextChanges = readonly (readonly [language: string, text: string])[];

/** Sets what people read about a group; one that does not exist is made. */
export function describeGroup(
  context: PublishingContext,
  name: GroupName,
  changes: { readonly titles: TextChanges; readonly descriptions: TextChanges },
): Promise<GroupChanged> {
  return changeGroup(context, name, (held = emptyGroup(name)) => ({
    group: {
      ...held,
      titles: changed(held.titles, changes.titles),
      descriptions: changed(held.descriptions, changes.descriptions),
    },
  }));
}

function changed(texts: Texts, changes: TextChanges): Texts {
  const all = Object.entries({ ...texts, ...Object.fromEntries(changes) });
  return Object.fromEntries(all.filter(([, text]) => text !== ''));
}

/** A version of a bundle; all of them where none is said. */
export type BundleChoice = { readonly id: BundleId; readonly version?: BundleVersion | undefined };

/** How a version is promoted. */
export type Promotion = PublishingContext & {
  /** A folder on the same file system as the store, for deltas while they are written. */
  readonly spoolDirectory: string;
  readonly streams: readonly StreamName[];
  /** Absent: no deltas are made. */
  readonly deltas?: DeltaMaking | undefined;
};

/**
 * Makes a version that is in the group already the one that streams stand for, with deltas from what they stood for until
 * now. Throws `group-not-found`, `bundle-not-found`, `bundle-older`.
 */
export async function promoteBundle(
  options: Promotion,
  name: GroupName,
  choice: Required<BundleChoice>,
): Promise<GroupChanged & { readonly deltas: BundleDeltas }> {
  const { store, signal, streams } = options;
  const catalog = await openCatalog(store, signal);
  const now = required(catalog.hasGroup(name) ? await catalog.group(name) : undefined, name, options);
  const { bundle: to } = promoted(now, choice, streams);
  const wish = { to, from: deltaBases(now, to, streams) };
  const { records, report } = await makeBundleDeltas(options, options.deltas, [wish]);
  const changed = await changeGroup(options, name, (held) => {
    const { group, bundle } = promoted(required(held, name, options), choice, streams);
    const isMeant = bundle.index.sha256 === to.index.sha256;
    const deltas = isMeant ? (records[0]?.deltas ?? []) : [];
    const bundles = group.bundles.map((each) => (each === bundle ? withDeltas(each, deltas) : each));
    return { group: { ...group, bundles } };
  });
  return { ...changed, deltas: report };
}

/** The group once the chosen version is what streams stand for, and that version in it. */
function promoted(group: GroupRecord, choice: Required<BundleChoice>, streams: readonly StreamName[]) {
  const [chosenOne] = chosen(group, choice);
  const bundles = withBundles(group, [chosenOne!], { streams, keep: group.bundles.length });
  const after = { ...group, bundles };
  return { group: after, bundle: chosen(after, choice)[0]! };
}

/** Takes versions out of a group; devices that have them keep them. Throws `group-not-found`, `bundle-not-found`. */
export function removeBundles(
  context: PublishingContext,
  name: GroupName,
  choice: BundleChoice,
): Promise<GroupChanged> {
  return changeGroup(context, name, (held) => {
    const group = required(held, name, context);
    const gone = new Set(chosen(group, choice).map(bundleName));
    return { group: { ...group, bundles: group.bundles.filter((each) => !gone.has(bundleName(each))) } };
  });
}

function required(held: GroupRecord | undefined, name: GroupName, { store }: PublishingContext): GroupRecord {
  if (held === undefined) throw new SatchelError('group-not-found', { name, location: store.location });
  return held;
}

function chosen({ group, bundles }: GroupRecord, { id, version }: BundleChoice) {
  const found = bundles.filter(
    (each) => each.id === id && (version === undefined || each.version === version),
  );
  if (found.length > 0) return found;
  throw new SatchelError('bundle-not-found', {
    name: version === undefined ? id : `${id}-${version}`,
    group,
  });
}
