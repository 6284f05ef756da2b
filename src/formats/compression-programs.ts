import { SatchelError } from '../base/errors.ts';
import { findProgram, type ProcessOutcome, runFilter } from '../os/process.ts';
import type { ByteReader } from './byte-reader.ts';
import { createBzip2Watch } from './bzip2-streams.ts';

/** Formats that are read by a program of the system. */
export type ProgramFormat = 'bzip2' | 'xz' | 'lzma';

/** xz may use so much memory; the largest preset (-9) needs 65 MiB. */
const xzMemory = '--memlimit-decompress=1GiB';

const programs = {
  bzip2: { names: ['lbzip2', 'bzip2'], package: 'lbzip2', arguments: ['-d', '-c'] },
  xz: { names: ['xz'], package: 'xz-utils', arguments: ['-d', '-c', '--threads=0', '--format=xz', xzMemory] },
  lzma: { names: ['xz'], package: 'xz-utils', arguments: ['-d', '-c', '--format=lzma', xzMemory] },
} as const;

/**
 * The uncompressed bytes of `input`, from lbzip2 (bzip2 where it is absent) or xz; several streams one after another
 * are one content. Throws `decompressor-missing`, `decompressor-failed`, `compressed-truncated`,
 * `compressed-damaged`, `compressed-garbage-after-end`, `compressed-needs-memory`, `cancelled`.
 */
export async function* decompressWithProgram(
  format: ProgramFormat,
  input: ByteReader,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { names, package: packageName, arguments: options } = programs[format];
  const program = findProgram(...names);
  if (program === undefined) {
    throw new SatchelError('decompressor-missing', { format, program: names[0], package: packageName });
  }
  const watch = format === 'bzip2' ? createBzip2Watch() : undefined;
  const feeding = async function* () {
    while (input.available > 0 || (await input.fill())) {
      const piece = input.takePiece(input.available);
      watch?.feed(piece);
      yield piece;
    }
  };
  const judge = (outcome: ProcessOutcome) => {
    const failure = failureOf({ format, program, outcome, length: input.position });
    const foreign = failure === undefined ? watch?.finish() : undefined;
    return foreign === undefined
      ? failure
      : new SatchelError('compressed-garbage-after-end', { format, length: foreign });
  };
  yield* runFilter({ program, arguments: options, input: feeding(), signal, judge });
}

function failureOf(end: {
  format: ProgramFormat;
  program: string;
  outcome: ProcessOutcome;
  length: number;
}): SatchelError | undefined {
  const { format, program, outcome, length } = end;
  const { exitCode, signal, standardError } = outcome;
  if (exitCode === 0) return undefined;
  // The first line says it; bzip2 goes on with advice.
  const line = standardError.split('\n').find((text) => text.trim() !== '') ?? '';
  const reason =
    line.replace(/^(?:\S*(?:xz|bzip2): )?(?:\(?stdin\)?: )?/, '').trim() || `exit code ${exitCode}`;
  if (exitCode === null) {
    return new SatchelError('decompressor-failed', { format, program, reason: signal ?? reason });
  }
  if (/unexpected end|ends? unexpectedly/i.test(standardError)) {
    return new SatchelError('compressed-truncated', { format, length });
  }
  if (/memory usage limit/i.test(standardError)) {
    return new SatchelError('compressed-needs-memory', { format, reason });
  }
  if (/cannot allocate memory|out of memory|resource/i.test(standardError)) {
    return new SatchelError('decompressor-failed', { format, program, reason });
  }
  return new SatchelError('compressed-damaged', { format, reason });
}
