import type { StickTree } from './stick-files.ts';
import type { StickList } from './stick-manifest-file.ts';
import type { StickProblem } from './stick-state.ts';

/** Folders in which everything must be on the list. */
const listed = ['repo', 'sites', 'activities'];

/**
 * Names that only a preparation gives. One that is under way, or was interrupted, has put them there before the list or
 * has not removed them after it; what they hold is believed of no file.
 */
const ownNames = [
  /^repo\/(?:packs|deltas|indexes|maps|contents)\/[0-9a-f]{64}(?:\.[a-z]+)?$/,
  /^repo\/targets\/[a-z]+\/[0-9a-f]{64}\.[^/]+\.json$/,
  /^repo\/metadata\/(?:\d+\.[a-z]+|timestamp)\.json$/,
  /^sites\/[^/]+\/[a-z]+-[0-9a-f]{64}$/,
];

/** More than this is not worth naming. */
const most = 1000;

/** Folders below each other that are looked into; a stick may have any number. */
const deepest = 32;

/** Something below `satchel/` that nobody of ours has put there. */
export type ExtraFile = { readonly path: string; readonly isLink: boolean };

/** What nobody of ours has put below `satchel/`, symlinks and the like among it; at most a thousand. */
export function extraFiles(tree: StickTree, { manifest }: StickList): ExtraFile[] {
  const known = new Set(manifest.files.map(({ name }) => name));
  const extra: ExtraFile[] = [];
  for (const { path, kind } of listedPlaces(tree)) {
    if (kind === 'file' && (known.has(path) || isPartOf(path, known) || isOwnName(path))) continue;
    extra.push({ path, isLink: kind === 'link' });
    if (extra.length === most) break;
  }
  return extra;
}

/** Files that a preparation has put there and that are not wanted any more, each by its whole name. */
export function strayFiles(tree: StickTree, wanted: ReadonlySet<string>): string[] {
  const stray = new Set<string>();
  for (const { path, kind } of listedPlaces(tree))
    if (kind === 'file' && isOwnName(path) && !wanted.has(path) && !isPartOf(path, wanted))
      stray.add(withoutPart(path));
  return [...stray];
}

function* listedPlaces(tree: StickTree): Generator<{ path: string; kind: string }> {
  for (const folder of listed) if (tree.isFolder(folder)) yield* placesIn(tree, folder);
}

function* placesIn(tree: StickTree, folder: string): Generator<{ path: string; kind: string }> {
  for (const { name, kind } of tree.list(folder)) {
    const path = `${folder}/${name}`;
    if (kind === 'folder' && path.split('/').length < deepest) yield* placesIn(tree, path);
    else if (!name.startsWith('.tmp.')) yield { path, kind };
  }
}

/** A part of a file that was cut is known by the whole. */
function isPartOf(path: string, names: ReadonlySet<string>): boolean {
  return names.has(withoutPart(path));
}

function isOwnName(path: string): boolean {
  return ownNames.some((pattern) => pattern.test(withoutPart(path)));
}

function withoutPart(path: string): string {
  return path.replace(/\.\d{3}$/, '');
}

/** Says of such files what they are called, a few of them. */
export function extraProblems(extra: readonly ExtraFile[]): StickProblem[] {
  const problem = (
    code: 'stick-extra-files' | 'stick-links',
    found: readonly ExtraFile[],
  ): StickProblem[] => {
    const names = found.slice(0, 5).map(({ path }) => path);
    const listed = names.join(', ') + (found.length > 5 ? ', …' : '');
    return found.length === 0 ? [] : [{ code, parameters: { count: found.length, names: listed } }];
  };
  return [
    ...problem(
      'stick-extra-files',
      extra.filter(({ isLink }) => !isLink),
    ),
    ...problem(
      'stick-links',
      extra.filter(({ isLink }) => isLink),
    ),
  ];
}
