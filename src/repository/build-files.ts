import type { BuildName, Sha256 } from '../base/identifiers.ts';
import type { BundleRecord, GroupRecord } from './group-record.ts';
import { contentsFile, deltaFile, indexFile, mapFile } from './layout.ts';
import type { BuildRecord, DeltaReference, DeltasRecord, StoredFile, TreeDelta } from './records.ts';

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
    indexIn(index),
    mapIn(map),
    { name: contentsFile(contents.sha256), length: contents.length, sha256: contents.sha256 },
  ];
}

/** The lists of a bundle; what it shows to people is with its group. */
export function bundleLists({
  index,
  map,
}: Pick<BundleRecord, 'index' | 'map'>): [index: SignedFile, map: SignedFile] {
  return [indexIn(index), mapIn(map)];
}

/** The deltas to a bundle from earlier versions. */
export function bundleDeltas({ deltas = [] }: Pick<BundleRecord, 'deltas'>): SignedFile[] {
  return deltas.map(deltaIn);
}

/** What the record of a group leads to: what people are shown, the lists of its bundles, their deltas; each once. */
export function groupFiles({ details, bundles }: GroupRecord): SignedFile[] {
  const files = [
    ...(details ? [indexIn(details)] : []),
    ...bundles.flatMap((bundle) => [...bundleLists(bundle), ...bundleDeltas(bundle)]),
  ];
  return [...new Map(files.map((file) => [file.name, file])).values()];
}

function indexIn({ stored, length }: StoredFile): SignedFile {
  return { name: indexFile(stored), length, sha256: stored };
}

function mapIn({ stored, length }: StoredFile): SignedFile {
  return { name: mapFile(stored), length, sha256: stored };
}

/** The file of a delta. */
export function fileOfDelta(delta: DeltaReference): DeltaFile {
  return { ...deltaIn(delta), from: delta.from };
}

/** The file of a delta whatever it leads between. */
export function deltaIn({ stored, length }: TreeDelta): SignedFile {
  return { name: deltaFile(stored), length, sha256: stored };
}
