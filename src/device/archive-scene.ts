import { isSatchelError } from '../base/errors.ts';
import { damaged } from '../delta/damaged.ts';
import { type Archive, scratchToApply } from '../delta/delta-format.ts';
import { inflateGzip } from '../delta/gzip-stream.ts';
import { ordinalsOf } from '../delta/ordinal-runs.ts';
import { openScratchFile, readScratch, writeScratch } from '../os/scratch-file.ts';

/** Where the archives of a delta are unpacked to, for all threads; each by the first that reads of it. */
export type ArchiveScene = {
  readonly archives: readonly Archive[];
  /** A file without a name: after a kill nothing is left of it, and what is still needed is unpacked again. */
  readonly fd: number;
  /** How far each archive is (see `states`), in memory that threads share. */
  readonly progress: Int32Array;
};

const states = { untouched: 0, underWay: 1, ready: 2, baseWrong: 3, deltaWrong: 4 } as const;

/** Makes room for the archives of a delta, if it has any, on the file system of a folder. Throws system failures. */
export function openArchiveScene(
  directory: string,
  archives: readonly Archive[] = [],
): Disposable & { readonly scene: ArchiveScene | undefined } {
  if (archives.length === 0) return { scene: undefined, [Symbol.dispose]() {} };
  const file = openScratchFile(directory);
  const progress = new Int32Array(new SharedArrayBuffer(4 * archives.length));
  return { scene: { archives, fd: file.fd, progress }, [Symbol.dispose]: () => file[Symbol.dispose]() };
}

/** Reads of archives in one thread. */
export type ArchiveReader = {
  /** Lengths by number. */
  readonly sizes: readonly number[];
  /**
   * Fills `into` from `position` of an archive on; false when an object of its file is not there or not right. The
   * first to ask unpacks it, while others wait. Throws `delta-damaged` when it does not unpack as the delta says, and
   * the system failures of writing.
   */
  read(number: number, position: number, into: Uint8Array): boolean;
};

/** A reader to which `readObject` gives old objects, compared with their hashes; `objects` is how many there are. */
export function archiveReader(
  { archives, fd, progress }: ArchiveScene,
  objects: number,
  readObject: (ordinal: number) => Uint8Array | undefined,
): ArchiveReader {
  const starts = archives.map((_, number) => scratchToApply({ archives: archives.slice(0, number) }));

  const prepare = (number: number): number => {
    const before = Atomics.compareExchange(progress, number, states.untouched, states.underWay);
    if (before === states.underWay) Atomics.wait(progress, number, states.underWay);
    if (before !== states.untouched) return Atomics.load(progress, number);
    let state: number = states.baseWrong;
    try {
      state = unpack(archives[number]!, objects, readObject, fd, starts[number]!);
    } finally {
      Atomics.store(progress, number, state);
      Atomics.notify(progress, number);
    }
    return state;
  };

  return {
    sizes: archives.map(({ length }) => length),
    read(number, position, into) {
      const state = prepare(number);
      if (state === states.deltaWrong) throw damaged('an archive that does not unpack as stated');
      if (state !== states.ready) return false;
      if (!readScratch(fd, into, starts[number]! + position)) throw new Error('the archives have been cut');
      return true;
    },
  };
}

/** Ends the unpacking because of an old object, and never leaves this file. */
class BaseWrong extends Error {}

/** Unpacks an archive to a place of a file; gives what has become of it. */
function unpack(
  archive: Archive,
  objects: number,
  readObject: (ordinal: number) => Uint8Array | undefined,
  fd: number,
  start: number,
): number {
  if (archive.objects.some(({ first, count }) => first + count > objects)) return states.deltaWrong;
  const ordinals = ordinalsOf(archive.objects);
  let written = 0;
  try {
    const { length } = inflateGzip({
      limit: archive.length,
      source() {
        const { value, done } = ordinals.next();
        if (done === true) return undefined;
        const content = readObject(value);
        if (content === undefined) throw new BaseWrong();
        return content;
      },
      sink(content) {
        writeScratch(fd, content, start + written);
        written += content.length;
      },
    });
    return length === archive.length ? states.ready : states.deltaWrong;
  } catch (error) {
    if (error instanceof BaseWrong) return states.baseWrong;
    if (isSatchelError(error, 'delta-damaged')) return states.deltaWrong;
    throw error;
  }
}
