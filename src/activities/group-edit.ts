import { SatchelError } from '../base/errors.ts';
import type { StreamName } from '../base/identifiers.ts';
import type { BundleId, Texts } from '../repository/bundle-record.ts';
import type { BundleVersion } from '../repository/bundle-version.ts';
import { bundleName, type GroupName, type GroupRecord } from '../repository/group-record.ts';
import type { PublishingContext } from '../trust/publication.ts';
import { changeGroup, emptyGroup, type GroupChanged, withBundles } from './group-change.ts';

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

/**
 * Makes a version that is in the group already the one that streams stand for. Throws `group-not-found`,
 * `bundle-not-found`, `bundle-older`.
 */
export function promoteBundle(
  context: PublishingContext,
  name: GroupName,
  choice: Required<BundleChoice>,
  streams: readonly StreamName[],
): Promise<GroupChanged> {
  return changeGroup(context, name, (held) => {
    const group = required(held, name, context);
    const [bundle] = chosen(group, choice);
    return {
      group: { ...group, bundles: withBundles(group, [bundle!], { streams, keep: group.bundles.length }) },
    };
  });
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
