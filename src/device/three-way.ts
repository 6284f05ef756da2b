import { diff3Merge } from 'node-diff3';
import type { ByteString } from '../base/byte-string.ts';

/** The three versions of one text: before both changes, and after each. */
export type ThreeTexts = {
  readonly base: ByteString;
  readonly mine: ByteString;
  readonly theirs: ByteString;
};

/** Longest text that is merged, in bytes, and most lines that may differ: comparing takes their square. */
export const textLimit = 1024 * 1024;
const lineLimit = 4000;

/** True for what can be merged by lines: no byte of it is NUL. */
export function isText(content: string): boolean {
  return content.length <= textLimit && !content.includes('\0');
}

/**
 * The text with the changes of both sides, or undefined where both changed the same lines or lines side by side, or
 * where one of the three is no text.
 */
export function mergeTexts({ base, mine, theirs }: ThreeTexts): ByteString | undefined {
  if (mine === theirs || base === theirs) return mine;
  if (base === mine) return theirs;
  if (![base, mine, theirs].every(isText)) return undefined;
  const [a, o, b] = [linesOf(mine), linesOf(base), linesOf(theirs)];
  const start = commonStart(a, o, b);
  const end = commonEnd(a, o, b, start);
  const middle = (lines: readonly string[]) => lines.slice(start, lines.length - end);
  if ([a, o, b].some((lines) => lines.length - start - end > lineLimit)) return undefined;
  const merged: string[] = [];
  for (const region of diff3Merge(middle(a), middle(o), middle(b), { excludeFalseConflicts: true })) {
    if (region.ok === undefined) return undefined;
    for (const line of region.ok) merged.push(line);
  }
  return [...o.slice(0, start), ...merged, ...o.slice(o.length - end)].join('') as ByteString;
}

/** Lines with their line feeds, so that a last line without one is another line. */
function linesOf(text: string): string[] {
  return text === '' ? [] : text.split(/(?<=\n)/);
}

/** How many lines at the beginning are the same in all, which need no comparing. */
function commonStart(...texts: readonly (readonly string[])[]): number {
  const least = Math.min(...texts.map(({ length }) => length));
  let same = 0;
  while (same < least && texts.every((lines) => lines[same] === texts[0]![same])) same += 1;
  return same;
}

function commonEnd(a: readonly string[], o: readonly string[], b: readonly string[], start: number): number {
  const least = Math.min(a.length, o.length, b.length) - start;
  let same = 0;
  const fromEnd = (lines: readonly string[]) => lines[lines.length - 1 - same];
  while (same < least && fromEnd(a) === fromEnd(o) && fromEnd(b) === fromEnd(o)) same += 1;
  return same;
}
