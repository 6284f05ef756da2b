import { type ByteString, byteString } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';

/** One line of `md5sum` output. */
export type Md5Line = {
  /** 32 lower-case hex digits. */
  readonly md5: string;
  /** The file name as it was given to md5sum, raw bytes; `-` for standard input. */
  readonly name: ByteString;
};

/**
 * Reads the output of `md5sum`: `<hash>  <name>` or, in binary mode, `<hash> *<name>`; a leading backslash says that
 * backslashes and line ends in the name are escaped; `MD5 (<name>) = <hash>` is what `--tag` and BSD write. Blank lines
 * and carriage returns before line feeds are passed over. Throws `md5sum-invalid` with the line; a file
 * without any hash is invalid in line 1.
 */
export function parseMd5sum(bytes: Uint8Array): Md5Line[] {
  const lines: Md5Line[] = [];
  for (const [index, raw] of byteString(bytes).split('\n').entries()) {
    const line = raw.replace(/\r$/, '');
    if (line === '') continue;
    const parsed = parseLine(line);
    if (parsed === undefined) throw new SatchelError('md5sum-invalid', { line: index + 1 });
    lines.push(parsed);
  }
  if (lines.length === 0) throw new SatchelError('md5sum-invalid', { line: 1 });
  return lines;
}

function parseLine(line: string): Md5Line | undefined {
  const isEscaped = line.startsWith('\\');
  const plain = isEscaped ? line.slice(1) : line;
  const usual = /^([0-9A-Fa-f]{32}) [ *](.+)$/s.exec(plain);
  const tagged = /^MD5 \((.+)\) = ([0-9A-Fa-f]{32})$/s.exec(plain);
  const md5 = usual?.[1] ?? tagged?.[2];
  const written = usual?.[2] ?? tagged?.[1];
  if (md5 === undefined || written === undefined) return undefined;
  const name = isEscaped ? withoutEscapes(written) : written;
  return name === undefined ? undefined : { md5: md5.toLowerCase(), name: name as ByteString };
}

const escapes: Readonly<Record<string, string>> = { '\\\\': '\\', '\\n': '\n', '\\r': '\r' };

function withoutEscapes(name: string): string | undefined {
  if (/\\(?![\\nr])/.test(name.replaceAll('\\\\', ''))) return undefined;
  return name.replace(/\\[\\nr]/g, (pair) => escapes[pair]!);
}

/**
 * The hash for a file beside the list, which is named relative to it (`name` or `./name`). Undefined when the list
 * does not name it.
 */
export function md5For(lines: readonly Md5Line[], fileName: ByteString): string | undefined {
  return lines.find(({ name }) => name.replace(/^(?:\.\/+)+/, '') === fileName)?.md5;
}
