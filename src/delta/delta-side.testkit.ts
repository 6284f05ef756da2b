import { byteStringFromText } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { createContentIntake } from '../build/content-intake.ts';
import { chunkingLimit, type IndexEntry, type InodeEntry } from '../build/entry.ts';
import { serialiseIndex } from '../build/index-format.ts';
import { objectsOf } from '../build/objects.ts';
import { entriesOf, impliedDirectory, type TreeNames } from '../build/tree.ts';
import type { DeltaSide } from './content-source.ts';

/** A build whose contents lie in memory, for tests. */
export type HeldSide = DeltaSide & { contentOf(ordinal: number): Uint8Array };

/** The build of a tree with these files, by path. */
export async function heldSide(files: Readonly<Record<string, Uint8Array>>): Promise<HeldSide> {
  const held = new Map<Sha256, Uint8Array>();
  const intake = createContentIntake({ add: (sha256, bytes) => void held.set(sha256, bytes) });
  const names: TreeNames = new Map();
  const place = (inode: InodeEntry) => names.set(inode.path, inode);
  place(impliedDirectory(byteStringFromText('')));
  for (const [name, bytes] of Object.entries(files)) {
    const parts = name.split('/').slice(0, -1);
    parts.forEach((_, depth) => {
      place(impliedDirectory(byteStringFromText(parts.slice(0, depth + 1).join('/'))));
    });
    const content =
      bytes.length > chunkingLimit ? await chunked(intake, bytes) : intake.whole(bytes, false).content;
    const path = byteStringFromText(name);
    place({ ...impliedDirectory(path), ...content, type: 'file', path } as InodeEntry);
  }
  return sideOf(entriesOf(names), held);
}

async function chunked(intake: ReturnType<typeof createContentIntake>, bytes: Uint8Array) {
  await intake.push(bytes);
  return intake.finish();
}

function sideOf(entries: readonly IndexEntry[], held: ReadonlyMap<Sha256, Uint8Array>): HeldSide {
  const objects = objectsOf(entries);
  const contentOf = (ordinal: number) => held.get(objects[ordinal]!.sha256)!;
  return {
    index: serialiseIndex(entries),
    entries,
    objects,
    contentOf,
    read: async (ordinals) => ordinals.map(contentOf),
  };
}

/** Ordinals of the objects of `to` that `from` has not, in order. */
export function missingOrdinals(from: DeltaSide, to: DeltaSide): number[] {
  const known = new Set(from.objects.map(({ sha256 }) => sha256));
  return to.objects.flatMap(({ sha256 }, ordinal) => (known.has(sha256) ? [] : [ordinal]));
}
