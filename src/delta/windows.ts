import type { Sha256 } from '../base/identifiers.ts';
import type { BuildObject } from '../build/objects.ts';
import { segmentLimits } from './delta-format.ts';

/** One object at its place in a file. */
export type PlacedObject = BuildObject & { readonly ordinal: number; readonly position: number };

/** A part of a file: objects one after another, perhaps with gaps. */
export type Span = { readonly start: number; readonly end: number };

/** The most that a base reaches beyond twice the span of what is made from it: room for what moved. */
const slack = 2 * 1024 * 1024;

/**
 * Cuts the missing objects of one file, in their order, into windows that reach over at most as many bytes of the
 * file as a segment may make; large files into windows of about the same length.
 */
export function windowsOf(missing: readonly PlacedObject[]): PlacedObject[][] {
  const last = missing.at(-1);
  if (last === undefined) return [];
  const whole = last.position + last.size - missing[0]!.position;
  const length = Math.min(segmentLimits.output, evenLength(whole));
  const windows: PlacedObject[][] = [];
  let window: PlacedObject[] = [];
  for (const object of missing) {
    const start = (window[0] ?? object).position;
    if (object.position + object.size - start > length) {
      windows.push(window);
      window = [];
    }
    window.push(object);
  }
  windows.push(window);
  return windows;
}

/** So many bytes that windows of them come out alike; an object more, because cuts stand only between objects. */
function evenLength(whole: number): number {
  const count = Math.ceil(whole / (segmentLimits.output - 1024 * 1024));
  return Math.ceil(whole / count) + 1024 * 1024;
}

/**
 * Finds the objects of the old file that are the base for a window of the new one: the part that matches, judged by the
 * objects that both files hold, and about half of its length more on both sides. Never longer than a segment may
 * read.
 */
export function baseFinder(
  file: PlacedFile,
  old: PlacedFile,
): (window: readonly PlacedObject[]) => PlacedObject[] {
  const place = placing(file, old);
  return (window) => {
    const first = window[0]!;
    const last = window.at(-1)!;
    const span = last.position + last.size - first.position;
    const length = Math.min(old.size, segmentLimits.base, 2 * span + slack);
    const middle = (place(first.position) + place(last.position + last.size)) / 2;
    const start = Math.max(0, Math.min(old.size - length, middle - length / 2));
    return within(old.objects, { start, end: start + length });
  };
}

/** A file as its objects at their places. */
export type PlacedFile = { readonly objects: readonly PlacedObject[]; readonly size: number };

/** The objects that touch the span; those at its ends only while the whole stays within the limit. */
function within(objects: readonly PlacedObject[], { start, end }: Span): PlacedObject[] {
  const touching = objects.slice(
    firstOf(objects, ({ position, size }) => position + size > start),
    firstOf(objects, ({ position }) => position >= end),
  );
  let length = touching.reduce((sum, { size }) => sum + size, 0);
  while (length > segmentLimits.base) length -= touching.pop()!.size;
  return touching;
}

/** Where a list in order has the first for which something holds, as it does for all behind it; its length for none. */
function firstOf<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(items[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Where a position of the new file is in the old one: exactly so where both hold the same object, and in proportion
 * between such places.
 */
function placing(file: PlacedFile, old: PlacedFile): (position: number) => number {
  const oldPlaces = new Map<Sha256, number>(old.objects.map(({ sha256, position }) => [sha256, position]));
  const anchors: [number, number][] = [[0, 0]];
  for (const { sha256, position, size } of file.objects) {
    const there = oldPlaces.get(sha256);
    // What was moved towards the front says nothing about what stands between.
    if (there === undefined || there < anchors.at(-1)![1]) continue;
    anchors.push([position, there], [position + size, there + size]);
  }
  anchors.push([file.size, old.size]);
  return (position) => {
    const next = Math.max(
      1,
      firstOf(anchors, ([here]) => here >= position),
    );
    const [here, there] = anchors[next - 1]!;
    const [nextHere, nextThere] = anchors[next]!;
    const share = nextHere === here ? 0 : (position - here) / (nextHere - here);
    return there + share * (nextThere - there);
  };
}
