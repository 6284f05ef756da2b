import { hash } from 'node:crypto';
import { SatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { type BuildObject, objectOrdinals } from '../build/objects.ts';
import { readObjects } from '../pack/frame.ts';
import type { ObjectMap } from '../pack/map-format.ts';
import { readPieces, type Spool } from './spool.ts';

/** Reads single objects out of frames that have been received, one frame at a time in memory. */
export function createObjectReader(
  map: ObjectMap,
  objects: readonly BuildObject[],
  spool: Spool,
): (sha256: Sha256) => Uint8Array {
  const ordinals = objectOrdinals(objects);
  let last: { readonly frame: number; readonly contents: Map<Sha256, Uint8Array> } | undefined;
  return (sha256) => {
    const ordinal = ordinals.get(sha256);
    if (ordinal === undefined) throw new Error(`the index does not hold ${sha256}`);
    const { frame } = map.locate(ordinal);
    if (last?.frame !== frame) last = { frame, contents: unpackFrame(frame) };
    const content = last.contents.get(sha256);
    if (content === undefined || hash('sha256', content) !== sha256)
      throw new SatchelError('object-damaged', { sha256, pack: map.pack(map.frame(frame).pack).sha256 });
    return content;
  };

  function unpackFrame(number: number): Map<Sha256, Uint8Array> {
    const { pack, offset, length, rawLength } = map.frame(number);
    const { sha256: file } = map.pack(pack);
    const bytes = readPieces(spool.locate(file, { start: offset, end: offset + length }));
    const named = map.objectsIn(number).map(({ ordinal, rawOffset }) => ({
      ...(objects[ordinal] as BuildObject),
      rawOffset,
    }));
    const contents = readObjects({ bytes, rawLength, pack: file, offset }, named);
    return new Map(named.map(({ sha256 }, i) => [sha256, contents[i] as Uint8Array]));
  }
}
