import type { BuildObject } from '../build/objects.ts';
import { lengthOfRanges } from './archive-ranges.ts';
import { segmentLimits } from './delta-format.ts';
import type { Target } from './match.ts';
import { contextStart } from './part-target.ts';

/** Targets that one thread turns into one segment, or into several when they unpack to more than a segment holds. */
export type Group = { readonly targets: readonly Target[] };

/** What gzip files unpack to counts as well; this is what their content mostly expands by. */
const gzipExpansion = 4;

/** Unpacked as well as packed. */
const gzipWeight = gzipExpansion + 1;

/**
 * Fills groups in the order of the new index, as large as a segment may be, because much compresses better
 * together. Targets without anything to be made from are gathered behind the others, like beside like.
 */
export function groupTargets(
  targets: readonly Target[],
  from: readonly BuildObject[],
  to: readonly BuildObject[],
): Group[] {
  const weigh = (ordinals: readonly number[], objects: readonly BuildObject[], path: string) =>
    ordinals.reduce((sum, ordinal) => sum + objects[ordinal]!.size, 0) *
    (path.endsWith('.gz') ? gzipWeight : 1);
  const groups: Group[] = [];
  let group: Target[] = [];
  let output = 0;
  let base = 0;
  const add = (target: Target) => {
    const more = target.part ? partLength(target, to) : weigh(target.outputs, to, target.path);
    const moreBase = target.part
      ? lengthOfRanges(target.part.ranges)
      : weigh(target.candidates[0]?.bases ?? [], from, target.path);
    const isFull = output + more > segmentLimits.output || base + moreBase > segmentLimits.base;
    if (isFull && group.length > 0) {
      groups.push({ targets: group });
      group = [];
      output = 0;
      base = 0;
    }
    group.push(target);
    output += more;
    base += moreBase;
  };
  const hasBase = ({ candidates, part }: Target) => candidates.length > 0 || part !== undefined;
  for (const target of targets) if (hasBase(target)) add(target);
  for (const target of likeBesideLike(targets.filter((one) => !hasBase(one)))) add(target);
  if (group.length > 0) groups.push({ targets: group });
  return groups;
}

/** A part of a gzip file, and the content that it is packed from. */
function partLength({ part, outputs }: Target, to: readonly BuildObject[]): number {
  const packed = outputs.reduce((sum, ordinal) => sum + to[ordinal]!.size, 0);
  return packed + part!.end - contextStart(part!.restarts.at(-1)!);
}

/** In the order of kind (what follows the last dot of the name), then name, then path. */
export function likeBesideLike<Item extends { readonly path: string }>(items: readonly Item[]): Item[] {
  const keyed = items.map((item) => ({ item, key: likenessKey(item.path) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ item }) => item);
}

function likenessKey(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  const kind = dot <= 0 ? '' : name.slice(dot + 1);
  return `${kind}/${name}/${path}`;
}
