/** How the disk fills while something is done in place of an old version. */
export type Course = {
  /** The most bytes that are taken on the way. */
  readonly peak: number;
  /** Bytes that are taken in the end; below 0 when more is given back. */
  readonly net: number;
};

/** Differences below so many bytes, what a step writes, are not worth leaving the order of the index. */
const grain = 16 * 1024 * 1024;

/** One thing after another. */
export function followedBy(first: Course, next: Course): Course {
  return { peak: Math.max(first.peak, first.net + next.peak), net: first.net + next.net };
}

/**
 * Compares by what is better done first, where little is to be taken at any moment: what gives back at least what it
 * takes, and of that what takes least on the way. The rest is a matter of looking backwards: last comes what gives back
 * least.
 */
export function byCourse(one: Course, other: Course): number {
  const [frees, otherFrees] = [one.net <= 0, other.net <= 0];
  if (frees !== otherFrees) return frees ? -1 : 1;
  return frees ? grains(one.peak) - grains(other.peak) : grains(givenBack(other)) - grains(givenBack(one));
}

function givenBack({ peak, net }: Course): number {
  return peak - net;
}

function grains(bytes: number): number {
  return Math.floor(bytes / grain);
}
