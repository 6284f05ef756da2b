import { byCourse, type Course } from './boot-stage-course.ts';
import { Readers, type Work } from './boot-stage-readers.ts';

export type ArrangeOptions<Received extends Work, Copy extends Work> = {
  /** What is made of received bytes. */
  readonly received: readonly Received[];
  /** What is copied from a file of the old version, by its number. */
  readonly copies: ReadonlyMap<number, Copy>;
  /** Bytes of disk that a file gives back when nothing reads it any more; 0: it stays. */
  readonly gives: (file: number) => number;
};

/**
 * Puts the parts of an update in an order in which files of the old version go early, and little of the disk is taken
 * at any moment: what is copied from a file comes when nothing else reads that file any more, and of what can be next
 * the best by `byCourse`. Always the same for the same parts.
 */
export function arrange<Received extends Work, Copy extends Work>({
  received,
  copies,
  gives,
}: ArrangeOptions<Received, Copy>): (Received | Copy)[] {
  const courseOf = (file: number): Course => {
    const disk = copies.get(file)?.disk ?? 0;
    return { peak: disk, net: disk - gives(file) };
  };
  const readers = new Readers(received, courseOf);
  const readByOthers = new Set(received.flatMap(({ reads }) => [...reads]));
  const waiting = new Waiting();
  waiting.add([...copies.keys()].filter((file) => !readByOthers.has(file)).map(toWait));
  const arranged: (Received | Copy)[] = [];
  let next = readers.next();
  for (;;) {
    const copy = waiting.first();
    if (copy !== undefined && (next === undefined || byCourse(copy.course, next.course) <= 0)) {
      arranged.push(copies.get(copy.file)!);
      waiting.drop();
    } else if (next !== undefined) {
      arranged.push(received[next.number]!);
      const closed = readers.take(next.number);
      waiting.add(closed.filter((file) => copies.has(file)).map(toWait));
      next = readers.next();
    } else return arranged;
  }

  function toWait(file: number): Waiter {
    return { file, course: courseOf(file) };
  }
}

/** A file that is only copied from, from now on. */
type Waiter = { readonly file: number; readonly course: Course };

/** Files in the order of `byCourse`; of equals the first to come. */
class Waiting {
  #files: Waiter[] = [];
  #at = 0;

  first(): Waiter | undefined {
    return this.#files[this.#at];
  }

  drop(): void {
    this.#at += 1;
  }

  add(files: readonly Waiter[]): void {
    if (files.length === 0) return;
    this.#files = [...this.#files.slice(this.#at), ...files].sort((one, other) =>
      byCourse(one.course, other.course),
    );
    this.#at = 0;
  }
}
