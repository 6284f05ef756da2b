import type { PathDescription, TreeDescription } from './tree-description.ts';

/** How a tree differs from what it should be. */
export type Difference = {
  readonly path: string;
  readonly what: keyof PathDescription | 'missing' | 'surplus';
};

/** What to hold against a tree. */
export type CheckOptions = {
  /** Every time should be this one (nanoseconds), because the build was published with clamped times. */
  readonly clampedTo?: bigint;
  /** Whether the archive says anything about the tree's root itself. */
  readonly withRoot: boolean;
};

const compared = ['type', 'content', 'link', 'device', 'group', 'owner', 'mode', 'xattrs', 'mtime'] as const;

/** Compares a tree entry by entry with the reference that GNU tar extracted; each path counts once, by its worst. */
export function compareTrees(
  reference: TreeDescription,
  result: TreeDescription,
  options: CheckOptions,
): Difference[] {
  const differences: Difference[] = [];
  for (const [path, wanted] of reference) {
    if (path === '' && !options.withRoot) continue;
    const got = result.get(path);
    if (got === undefined) {
      differences.push({ path, what: 'missing' });
      continue;
    }
    const what = compared.find((field) =>
      field === 'mtime' && options.clampedTo !== undefined
        ? got.mtime !== options.clampedTo
        : got[field] !== wanted[field],
    );
    if (what !== undefined) differences.push({ path, what });
  }
  for (const path of result.keys()) if (!reference.has(path)) differences.push({ path, what: 'surplus' });
  return differences;
}

/** `3 of 9 417 wrong (2 mtime, 1 missing)`, or `exact`. */
export function describeDifferences(differences: readonly Difference[], entries: number): string {
  if (differences.length === 0) return 'exact';
  const counts = new Map<string, number>();
  for (const { what } of differences) counts.set(what, (counts.get(what) ?? 0) + 1);
  const kinds = [...counts].map(([what, count]) => `${count} ${what}`).join(', ');
  return `${differences.length} of ${entries} wrong (${kinds})`;
}
