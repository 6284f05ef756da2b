import type { Fields } from '../device/state-file.ts';
import { type BundleId, type BundleKind, bundleKinds, isBundleId } from '../repository/bundle-record.ts';
import { type BundleVersion, isBundleVersion } from '../repository/bundle-version.ts';

/** Why a bundle that is offered cannot be put into its place. */
const reasons = ['folder-taken', 'other-disk'] as const;

/**
 * A bundle that would have been brought, had its place been free: another one has its folder, or the folder of its kind
 * lies on another disk than the home.
 */
export type WaitingBundle = {
  readonly id: BundleId;
  readonly kind: BundleKind;
  readonly version: BundleVersion;
  readonly because: (typeof reasons)[number];
  /** Whose folder it is. */
  readonly by?: BundleId | undefined;
};

/** Reads what was remembered; undefined when it is not right. */
export function parseWaiting(value: unknown): WaitingBundle[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const parsed = value.map(parseOne);
  return parsed.includes(undefined) ? undefined : (parsed as WaitingBundle[]);
}

function parseOne(value: unknown): WaitingBundle | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, kind: name, version, because: why, by } = value as Fields;
  const kind = bundleKinds.find((each) => each === name);
  const because = reasons.find((each) => each === why);
  if (typeof id !== 'string' || !isBundleId(id) || kind === undefined || because === undefined)
    return undefined;
  if (typeof version !== 'string' || !isBundleVersion(version)) return undefined;
  if (by !== undefined && (typeof by !== 'string' || !isBundleId(by))) return undefined;
  return { id, kind, version, because, ...(by === undefined ? {} : { by }) };
}
