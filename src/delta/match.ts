import type { ByteString } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { FileEntry } from '../build/entry.ts';
import { objectOrdinals, objectsOfFile } from '../build/objects.ts';
import type { DeltaSide } from './content-source.ts';
import { oldFiles } from './old-files.ts';
import type { PartTarget } from './part-target.ts';
import { baseFinder, type PlacedObject, windowsOf } from './windows.ts';

/** Objects that the old build has not, all of one file, and what they may be made from. */
export type Target = {
  /** A path of the file in the new build. */
  readonly path: ByteString;
  /** Ordinals in the new build, in the order of the file. */
  readonly outputs: readonly number[];
  /** Where each output stands in the file. */
  readonly places: readonly number[];
  /** True when the outputs, one after the other, are the whole file. */
  readonly isWholeFile: boolean;
  /** All objects of the file. */
  readonly file: readonly number[];
  /** What to try as base, the likeliest first. */
  readonly candidates: readonly Candidate[];
  /** Of a part of a large gzip file: how it is made. There are no candidates then. */
  readonly part?: PartTarget;
};

/** A base: objects of one old file. */
export type Candidate = {
  /** Ordinals in the old build, in the order of the file. */
  readonly bases: readonly number[];
  /** True when they are the whole file. */
  readonly isWholeFile: boolean;
  /** All objects of the file; the same list for all windows that may be made from it. */
  readonly file: readonly number[];
};

type Placed = { readonly objects: readonly PlacedObject[]; readonly size: number };

/**
 * Every object of the new build that the old one has not, once, in the order of the new index, with the old files
 * that its content is probably like: judged by paths, by names without version numbers, by where unchanged files
 * moved, and within large files by unchanged objects.
 */
export function matchBuilds(from: DeltaSide, to: DeltaSide): Target[] {
  const oldOrdinals = objectOrdinals(from.objects);
  const ordinals = objectOrdinals(to.objects);
  const old = oldFiles(from.entries, to.entries);
  const taken = new Set<number>();
  const targets: Target[] = [];
  for (const entry of to.entries) {
    if (entry.type !== 'file' || entry.size === 0) continue;
    const file = placed(entry, ordinals);
    const missing = file.objects.filter(
      ({ sha256, ordinal }) => !oldOrdinals.has(sha256) && isFirst(taken, ordinal),
    );
    if (missing.length === 0) continue;
    const ordinalsOfFile = file.objects.map(({ ordinal }) => ordinal);
    // Once a file: of a large one there are many windows, and each list is as long as the file.
    const candidates = old.candidatesFor(entry).map((candidate) => {
      const { objects, size } = placed(candidate, oldOrdinals);
      return {
        file: objects.map(({ ordinal }) => ordinal),
        baseOf: baseFinder(file, { objects, size }),
      };
    });
    for (const window of windowsOf(missing)) {
      targets.push({
        path: entry.path,
        outputs: window.map(({ ordinal }) => ordinal),
        places: window.map(({ position }) => position),
        isWholeFile: window.length === file.objects.length,
        file: ordinalsOfFile,
        candidates: candidates.map(({ file, baseOf }) => {
          const bases = baseOf(window).map(({ ordinal }) => ordinal);
          return { bases, isWholeFile: bases.length === file.length, file };
        }),
      });
    }
  }
  return targets;
}

function isFirst(taken: Set<number>, ordinal: number): boolean {
  if (taken.has(ordinal)) return false;
  taken.add(ordinal);
  return true;
}

function placed(file: FileEntry, ordinals: ReadonlyMap<Sha256, number>): Placed {
  let position = 0;
  const objects = objectsOfFile(file).map(({ sha256, size }) => {
    position += size;
    return { sha256, size, ordinal: ordinals.get(sha256)!, position: position - size };
  });
  return { objects, size: file.size };
}
