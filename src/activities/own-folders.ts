import { SatchelError } from '../base/errors.ts';
import type { BundleRecord, GroupName } from '../repository/group-record.ts';

/**
 * Refuses bundles that would be installed in the folder of another one of their group, in whichever version or stream: a
 * device that has both would mix them. Names count as Linux tells them apart, byte by byte. Throws `bundle-folder-occupied`.
 */
export function requireOwnFolders(
  group: GroupName,
  bundles: readonly BundleRecord[],
  added: readonly BundleRecord[],
): void {
  const byPlace = Map.groupBy(bundles, placeOf);
  for (const bundle of added) {
    const other = byPlace.get(placeOf(bundle))?.find(({ id }) => id !== bundle.id);
    if (other !== undefined)
      throw new SatchelError('bundle-folder-occupied', {
        ...{ id: bundle.id, other: other.id, folder: bundle.folder, group },
      });
  }
}

/** Each kind has a folder of its own in a home. */
function placeOf({ kind, folder }: BundleRecord): string {
  return `${kind}/${folder}`;
}
