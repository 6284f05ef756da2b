import type { BuildName, Sha256 } from '../base/identifiers.ts';
import { contentsFile, deltaFile, indexFile, mapFile } from './layout.ts';
import type { BuildRecord, DeltaReference, DeltasRecord } from './records.ts';

/** A file of a repository that signed metadata leads to. */
export type SignedFile = {
  /** Its name in the repository. */
  readonly name: string;
  /** Bytes of the file as it is stored, and their hash. */
  readonly length: number;
  readonly sha256: Sha256;
};

/** A delta with the build that it begins at. */
export type DeltaFile = SignedFile & { readonly from: BuildName };

/** The lists of a build: index, map and contents. Its packs are told by the map only. */
export function listFiles(
  { index, contents }: Pick<BuildRecord, 'index' | 'contents'>,
  { map }: Pick<DeltasRecord, 'map'>,
): [index: SignedFile, map: SignedFile, contents: SignedFile] {
  return [
    { name: indexFile(index.stored), length: index.length, sha256: index.stored },
    { name: mapFile(map.stored), length: map.length, sha256: map.stored },
    { name: contentsFile(contents.sha256), length: contents.length, sha256: contents.sha256 },
  ];
}

/** The file of a delta. */
export function fileOfDelta({ from, stored, length }: DeltaReference): DeltaFile {
  return { name: deltaFile(stored), length, sha256: stored, from };
}
