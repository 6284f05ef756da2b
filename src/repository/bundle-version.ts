/**
 * The version of a bundle as Sugar writes it: `N(.N)*`, then perhaps a hyphen and letters (facts, 11.1). No number has
 * leading zeros, `.0` at the end means nothing, and the letters count for nothing in comparisons.
 */
export type BundleVersion = string & { readonly __brand: 'BundleVersion' };

const form = /^(?:0|[1-9]\d{0,8})(?:\.(?:0|[1-9]\d{0,8})){0,15}(?:-[A-Za-z]{1,40})?$/;

/** True for what {@link BundleVersion} describes. */
export function isBundleVersion(text: string): text is BundleVersion {
  return form.test(text);
}

/** Below zero when the first is older, zero when they are the same to Sugar. */
export function compareBundleVersions(one: BundleVersion, other: BundleVersion): number {
  const [a, b] = [numbersOf(one), numbersOf(other)];
  for (let place = 0; place < Math.max(a.length, b.length); place += 1) {
    const difference = (a[place] ?? 0) - (b[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbersOf(version: BundleVersion): number[] {
  return version.replace(/-.*$/, '').split('.').map(Number);
}
