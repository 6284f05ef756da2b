import { createReadStream } from 'node:fs';
import { openCompressed } from '../formats/compression.ts';
import type { ExpansionLimit } from '../formats/expansion-limit.ts';
import { readTar } from '../formats/tar.ts';
import { systemError } from '../os/system-error.ts';
import type { ContentSink } from './content-sink.ts';
import type { IndexEntry } from './entry.ts';
import { contentsLimit } from './entry-rules.ts';
import { buildFromDirectory } from './from-directory.ts';
import { type BuildOptions, buildFromTar } from './from-tar.ts';
import { openSetFile, readSideFile } from './set-file.ts';
import type { ArchiveSource, Source } from './source.ts';

/** How a source is read into a build. */
export type BuildFromSourceOptions = BuildOptions & {
  /** Where `-` reads from; the standard input of the process when absent. */
  readonly standardInput?: AsyncIterable<Uint8Array>;
  /** How far compressed archives and sparse files may expand. */
  readonly limit?: ExpansionLimit;
};

const readAhead = 256 * 1024;

/**
 * Reads what `openSource` found into the entries of a build and gives its objects to the sink, see
 * {@link buildFromTar} and {@link buildFromDirectory}. Does not check the MD5: `verifyMd5` does.
 */
export async function buildFromSource(
  source: Source,
  sink: ContentSink,
  options: BuildFromSourceOptions = {},
): Promise<IndexEntry[]> {
  if (source.kind === 'directory') return buildFromDirectory(source.path, sink, options);
  const bytes = source.kind === 'archive' ? archiveBytes(source) : (options.standardInput ?? process.stdin);
  const reading = {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.limit === undefined ? {} : { limit: options.limit }),
  };
  const { body } = await openCompressed(bytes, reading);
  return buildFromTar(readTar(body, reading), sink, options);
}

/** The manifest that came with an archive, byte for byte; undefined when none did. */
export function contentsOfSource(source: Source): Uint8Array | undefined {
  if (source.kind !== 'archive' || source.contentsPath === undefined) return undefined;
  return readSideFile(source.contentsPath, contentsLimit, source);
}

async function* archiveBytes({ path, noLinks }: ArchiveSource): AsyncGenerator<Uint8Array> {
  try {
    // Opening a pipe waits for whoever writes into it, so that must not happen here.
    const fd = noLinks ? { fd: openSetFile(path, { noLinks }) } : {};
    yield* createReadStream(path, { ...fd, highWaterMark: readAhead });
  } catch (error) {
    throw systemError(error, 'read', path);
  }
}
