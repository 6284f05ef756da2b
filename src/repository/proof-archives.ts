import { tmpdir } from 'node:os';
import { damaged } from '../delta/damaged.ts';
import type { Archive } from '../delta/delta-format.ts';
import { inflateGzip } from '../delta/gzip-stream.ts';
import { ordinalsOf } from '../delta/ordinal-runs.ts';
import { openScratchFile, readScratch, scratchReader, writeScratch } from '../os/scratch-file.ts';
import type { TreeSide } from './delta-source.ts';

/** The archives of a delta that is being proved, unpacked in the folder for temporary files. */
export type ProofArchives = Disposable & {
  /** Their lengths by number. */
  readonly sizes: readonly number[];
  /** Fills `into` from `position` of an archive on. */
  read(number: number, position: number, into: Uint8Array): boolean;
};

/** Objects that are read at once: some 4 MiB. */
const readAtOnce = 16;

/** Unpacks all. Throws `delta-damaged` when one is not as the head says, and what reading the build throws. */
export async function openProofArchives(
  old: TreeSide,
  archives: readonly Archive[] = [],
  signal?: AbortSignal,
): Promise<ProofArchives> {
  using opened = new DisposableStack();
  const contents: number[] = [];
  for (const archive of archives) {
    const content = opened.use(openScratchFile(tmpdir()));
    await unpack(old, archive, content.fd, signal);
    contents.push(content.fd);
  }
  const kept = opened.move();
  return {
    sizes: archives.map(({ length }) => length),
    read: (number, position, into) => readScratch(contents[number]!, into, position),
    [Symbol.dispose]: () => kept.dispose(),
  };
}

async function unpack(old: TreeSide, archive: Archive, fd: number, signal?: AbortSignal): Promise<void> {
  if (archive.objects.some(({ first, count }) => first + count > old.objects.length))
    throw damaged('an archive of objects that the build does not have');
  const ordinals = [...ordinalsOf(archive.objects)];
  using packed = openScratchFile(tmpdir());
  let length = 0;
  for (let first = 0; first < ordinals.length; first += readAtOnce)
    for (const content of await old.read(ordinals.slice(first, first + readAtOnce), signal)) {
      writeScratch(packed.fd, content, length);
      length += content.length;
    }
  let written = 0;
  const unpacked = inflateGzip({
    limit: archive.length,
    source: scratchReader(packed.fd, length),
    sink(content) {
      writeScratch(fd, content, written);
      written += content.length;
    },
  });
  if (unpacked.length !== archive.length) throw damaged('an archive that does not unpack as stated');
}
