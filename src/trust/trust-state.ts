import { hash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { type MetadataKinds, readVerified } from './metadata.ts';
import { metadataFile } from './names.ts';

/**
 * The metadata that a device holds, as one file that is replaced as a whole: `trusted`, a JSON line that says
 * what follows, then the metadata files byte for byte as they were received. After a power cut there is the
 * old file or the new one. The line carries a SHA-256 of the rest, so that a disk that lies is noticed.
 *
 * The line: `satchel` ("trust"), `format` 1, `sha256`, `files` (each `role`, `version`, `expires` and `issued` in
 * milliseconds since 1970, `under` and `length`), and which of them, by number, make up `complete` and `newest`.
 */

/** One verified metadata file, with what is asked of it most often, so that it need not be parsed. */
export type HeldFile = {
  readonly role: string;
  readonly version: number;
  readonly expires: number;
  readonly issued: number | undefined;
  /** SHA-256 of the file that names the keys which this one was verified with; only for targets and below. */
  readonly under: string | undefined;
  readonly bytes: Uint8Array;
};

export type HeldSet = ReadonlyMap<string, HeldFile>;

export type TrustState = {
  /** The files of the last refresh that succeeded: they belong together. Empty before the first. */
  readonly complete: HeldSet;
  /** The newest verified file of each role: what may not be taken back, even if the rest never arrived. */
  readonly newest: HeldSet;
};

const fileName = 'trusted';
const format = 1;

/** Reads the state; undefined when there is none. Throws `trust-state-damaged`, `repository-newer`. */
export function loadState(directory: string): TrustState | undefined {
  const path = join(directory, fileName);
  const bytes = readFileIfThere(path);
  if (bytes === undefined) return undefined;
  const end = bytes.indexOf(0x0a);
  const header = end < 0 ? undefined : readHeader(bytes.subarray(0, end));
  const body = bytes.subarray(end + 1);
  if (header !== undefined && header.format > format)
    throw new SatchelError('repository-newer', { source: path, format: header.format, newest: format });
  if (header === undefined || header.sha256 !== hash('sha256', body))
    throw new SatchelError('trust-state-damaged', { path });
  let offset = 0;
  const files = header.files.map(({ length, ...file }): HeldFile => {
    const held = {
      ...file,
      issued: file.issued,
      under: file.under,
      bytes: body.subarray(offset, offset + length),
    };
    offset += length;
    return held;
  });
  const pick = (numbers: readonly number[]) =>
    new Map(numbers.map((number) => [files[number]!.role, files[number]!]));
  return { complete: pick(header.complete), newest: pick(header.newest) };
}

/** Reads a held file, which was verified before it was held. Throws `metadata-malformed`. */
export function parseHeld<Kind extends keyof MetadataKinds>(
  files: HeldSet,
  role: Kind,
  source: string,
): MetadataKinds[Kind] {
  const held = files.get(role);
  if (held === undefined) throw new Error(`no ${role} is held`);
  return readVerified(role, held.bytes, { file: metadataFile(role, held.version), source });
}

/** Replaces the state in one atomic and durable step. */
export function saveState(directory: string, { complete, newest }: TrustState): void {
  const files = [...new Set([...complete.values(), ...newest.values()])];
  const body = Buffer.concat(files.map(({ bytes }) => bytes));
  const header: Header = {
    satchel: 'trust',
    format,
    sha256: hash('sha256', body),
    files: files.map(({ bytes, ...file }) => ({ ...file, length: bytes.length })),
    complete: [...complete.values()].map((file) => files.indexOf(file)),
    newest: [...newest.values()].map((file) => files.indexOf(file)),
  };
  withSystemErrors('mkdir', directory, () => mkdirSync(directory, { recursive: true, mode: 0o755 }));
  writeFileAtomic(
    join(directory, fileName),
    Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]),
  );
}

type Header = {
  satchel: string;
  format: number;
  sha256: string;
  files: {
    role: string;
    version: number;
    expires: number;
    issued?: number | undefined;
    under?: string | undefined;
    length: number;
  }[];
  complete: number[];
  newest: number[];
};

/** The line is ours and the file is replaced as a whole: what does not parse is damage. */
function readHeader(line: Uint8Array): Header | undefined {
  try {
    const header = JSON.parse(Buffer.from(line).toString('utf8')) as Header;
    return header.satchel === 'trust' && Array.isArray(header.files) ? header : undefined;
  } catch {
    return undefined;
  }
}
