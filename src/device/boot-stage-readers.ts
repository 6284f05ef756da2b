import { byCourse, type Course, followedBy } from './boot-stage-course.ts';

/** A part of an update in place, as far as its order goes. */
export type Work = {
  /** Bytes of disk that it takes. */
  readonly disk: number;
  /** Bytes of disk that received bytes give back when it is done. */
  readonly spooled: number;
  /** Files of the old version that it reads. */
  readonly reads: ReadonlySet<number>;
};

/** Files of the old version that the same parts read. */
type Group = {
  /** Numbers of these parts in their order, but for those that are done. */
  readonly left: Set<number>;
  readonly files: number[];
  /** What follows when none is left. */
  after: Course;
  /** What doing all that are left leads to; undefined until it is asked for. */
  toEnd: Course | undefined;
};

/** What can be done next, and what it leads to together with all that has to be done before a file can go. */
export type Candidate = { readonly number: number; readonly course: Course };

const nothing: Course = { peak: 0, net: 0 };

/** Keeps account of which parts of an update still have to read which old files. */
export class Readers {
  readonly #readers: readonly Work[];
  /** The groups that each reader belongs to, by its number. */
  readonly #groupsOf: readonly Group[][];
  /** Those that have readers left. */
  readonly #groups: Set<Group>;

  /** `courseOf`: what follows for a file when nothing reads it any more. */
  constructor(readers: readonly Work[], courseOf: (file: number) => Course) {
    this.#readers = readers;
    this.#groupsOf = readers.map(() => []);
    // Each can be next alone, whatever it reads.
    const alone = readers.map((_, number) => newGroup([number]));
    this.#groups = new Set([...alone, ...groupFiles(readers, courseOf)]);
    for (const group of this.#groups) for (const number of group.left) this.#groupsOf[number]!.push(group);
  }

  /** What is best done next; undefined when all is done. Of equals the first. */
  next(): Candidate | undefined {
    let best: Candidate | undefined;
    for (const group of this.#groups) {
      const number = firstOf(group.left)!;
      const course = this.#toEnd(group);
      const comparison = best === undefined ? -1 : byCourse(course, best.course) || number - best.number;
      if (comparison < 0) best = { number, course };
    }
    return best;
  }

  /** Notes that a reader is done; the files that nothing reads any more. */
  take(number: number): number[] {
    const closed: number[] = [];
    for (const group of this.#groupsOf[number]!) {
      group.left.delete(number);
      group.toEnd = undefined;
      const first = firstOf(group.left);
      if (first === undefined) {
        this.#groups.delete(group);
        closed.push(...group.files);
      } else {
        // It may now be a part of what these lead to.
        for (const other of this.#groupsOf[first]!) other.toEnd = undefined;
      }
    }
    return closed;
  }

  #toEnd(group: Group): Course {
    group.toEnd ??= this.#courseOf(group.left);
    return group.toEnd;
  }

  /** What doing these one after another leads to. */
  #courseOf(readers: ReadonlySet<number>): Course {
    const left = new Map<Group, number>();
    let course = nothing;
    for (const number of readers) {
      const { disk, spooled } = this.#readers[number]!;
      course = followedBy(course, { peak: disk, net: disk - spooled });
      for (const group of this.#groupsOf[number]!) {
        const count = (left.get(group) ?? group.left.size) - 1;
        left.set(group, count);
        if (count === 0) course = followedBy(course, group.after);
      }
    }
    return course;
  }
}

function firstOf(numbers: ReadonlySet<number>): number | undefined {
  return numbers.values().next().value;
}

function newGroup(readers: readonly number[]): Group {
  return { left: new Set(readers), files: [], after: nothing, toEnd: undefined };
}

function groupFiles(readers: readonly Work[], courseOf: (file: number) => Course): Iterable<Group> {
  const readersOf = new Map<number, number[]>();
  readers.forEach(({ reads }, number) => {
    for (const file of reads) {
      const known = readersOf.get(file);
      if (known) known.push(number);
      else readersOf.set(file, [number]);
    }
  });
  const groups = new Map<string, Group>();
  for (const [file, numbers] of readersOf) {
    const key = numbers.join();
    const group = groups.get(key) ?? newGroup(numbers);
    groups.set(key, group);
    group.files.push(file);
    const course = courseOf(file);
    // What takes more than it gives back need not follow at once.
    if (course.net <= 0) group.after = followedBy(group.after, course);
  }
  return groups.values();
}
