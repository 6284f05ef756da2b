import manifest from '../../package.json' with { type: 'json' };

/** The version of this program, `major.minor.patch`. */
export const programVersion: string = manifest.version;

/** Compares two versions `major.minor.patch` by their numbers: negative when `a` is older than `b`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < 3; i += 1) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
