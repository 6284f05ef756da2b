import { hash } from 'node:crypto';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { BuildName, Sha256 } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { ContentSink } from '../build/content-sink.ts';
import { checkContents, contentsFor } from '../build/contents.ts';
import type { IndexEntry } from '../build/entry.ts';
import { contentsLimit } from '../build/entry-rules.ts';
import { buildFromSource, contentsOfSource } from '../build/from-source.ts';
import { serialiseIndex } from '../build/index-format.ts';
import { type BuildObject, objectsOf } from '../build/objects.ts';
import { readSideFile } from '../build/set-file.ts';
import type { Source } from '../build/source.ts';
import { verifyMd5 } from '../build/verify-md5.ts';
import type { ContentsType } from '../formats/olpc-contents.ts';

/** A source with all that the operator said about it. */
export type BuildSource = {
  readonly name: BuildName;
  readonly source: Source;
  /** Standard input, for a source that is a stream. */
  readonly input: AsyncIterable<Uint8Array>;
  /** A manifest for old clients that does not lie beside the archive. */
  readonly contentsPath?: string | undefined;
};

/** A source that has been read to its end and found sound. */
export type ReadBuild = {
  readonly entries: readonly IndexEntry[];
  readonly indexBytes: Uint8Array;
  /** Distinct objects in index order. */
  readonly treeObjects: readonly BuildObject[];
  /** The manifest for old clients: carried as it came, or made from the tree. */
  readonly contents: {
    readonly bytes: Uint8Array;
    readonly sha256: Sha256;
    readonly type: 'olpc-contents-x' | 'opaque';
  };
};

export type ReadSourceOptions = {
  readonly clampMtime?: number | undefined;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

function checkGiven(
  contents: Uint8Array,
  entries: readonly IndexEntry[],
  source: Source,
  contentsPath: string | undefined,
): ContentsType {
  try {
    return checkContents(contents, entries);
  } catch (error) {
    if (!isSatchelError(error, 'canonical-json-invalid')) throw error;
    const beside = source.kind === 'archive' ? source.contentsPath : undefined;
    const path = contentsPath ?? beside ?? '?';
    const position = error.parameters.position ?? 0;
    throw new SatchelError('contents-damaged', { path, position }, { cause: error });
  }
}

/**
 * Reads a source once, giving its objects to the sink. Throws for a wrong md5 sum, a damaged archive, a tree
 * that cannot exist, and a manifest of our own type that does not describe the tree.
 */
export async function readSource(
  { source, input, contentsPath }: BuildSource,
  sink: ContentSink,
  options: ReadSourceOptions,
): Promise<ReadBuild> {
  const given =
    contentsPath === undefined ? contentsOfSource(source) : readSideFile(contentsPath, contentsLimit);
  await verifyMd5(source, options);
  const entries = await buildFromSource(source, sink, { ...options, standardInput: input });
  // The root alone: a list of files that was empty by mistake, or a file of zeros.
  if (entries.length < 2) throw new SatchelError('source-empty', {});
  const bytes = given ?? contentsFor(entries);
  const type = given === undefined ? 'olpc-contents-x' : checkGiven(given, entries, source, contentsPath);
  return {
    entries,
    indexBytes: serialiseIndex(entries),
    treeObjects: objectsOf(entries),
    contents: { bytes, sha256: hash('sha256', bytes) as Sha256, type },
  };
}
