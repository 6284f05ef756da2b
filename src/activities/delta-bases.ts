import type { StreamName } from '../base/identifiers.ts';
import { compareBundleVersions } from '../repository/bundle-version.ts';
import { type BundleRecord, everybodysStream, type GroupRecord } from '../repository/group-record.ts';

/**
 * The versions that devices have before `bundle` is what these streams stand for: what each stood for until then, its own
 * or that of everybody; where none did, the newest older one in the group. Left out are those from which a delta is
 * recorded, and the same content.
 */
export function deltaBases(
  { bundles }: GroupRecord,
  bundle: BundleRecord,
  streams: readonly StreamName[],
): BundleRecord[] {
  const versions = bundles.filter(({ id }) => id === bundle.id);
  const headOf = (stream: StreamName) => versions.find((each) => each.streams.includes(stream));
  const heads = streams.flatMap((stream) => headOf(stream) ?? headOf(everybodysStream) ?? []);
  const isOlder = ({ version }: BundleRecord) => compareBundleVersions(version, bundle.version) < 0;
  // The newest comes first in a group.
  const bases = heads.length > 0 ? heads : versions.filter(isOlder).slice(0, 1);
  const known = new Set([bundle.index.sha256, ...(bundle.deltas ?? []).map(({ fromIndex }) => fromIndex)]);
  return bases.filter(({ index: { sha256 } }) => {
    const isNew = !known.has(sha256);
    known.add(sha256);
    return isNew;
  });
}
