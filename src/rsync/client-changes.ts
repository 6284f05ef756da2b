import type { ByteString } from '../base/byte-string.ts';
import { isTreePath } from '../build/entry-rules.ts';

/** One path of a comparison that rsync made. */
export type RsyncItem = {
  readonly path: ByteString;
  readonly isDirectory: boolean;
  /** `extra`: only the receiving side has it. */
  readonly state: 'same' | 'different' | 'extra';
  /** Bytes of its content. */
  readonly size: number;
};

/** Makes rsync print a line for every path, which {@link parseItem} reads. */
export const itemFormat = ['--itemize-changes', '--itemize-changes', '--out-format=%i %l %n'] as const;

/** `YXcstpoguax`: what is done, the type, and a letter or a dot for each part (rsync(1), `--itemize-changes`). */
const itemLine = /^(?:([<>ch.][fdLDS])([ .+?a-zA-Z]{9})|(\*deleting) {2}) (\d+) (.*)$/s;

/** Reads a line of the given format; undefined for any other line. */
export function parseItem(line: string): RsyncItem | undefined {
  const [, kind, parts, deleting, size, written] = itemLine.exec(line) ?? [];
  if (size === undefined || written === undefined) return undefined;
  const name = unescaped(written);
  const isDirectory = name.endsWith('/');
  const whole = isDirectory ? name.slice(0, -1) : name;
  const path = (whole === '.' ? '' : whole) as ByteString;
  // No tree holds such a path, so neither side has it.
  if (!isTreePath(path)) return undefined;
  if (deleting !== undefined) return { path, isDirectory, state: 'extra', size: Number(size) };
  // A further name of a hard-linked inode has an `h` also where it is linked already; run last, rsync links it anyway.
  const isSame = /^[.h]/.test(kind ?? '') && /^[ .]*$/.test(parts ?? '');
  return { path, isDirectory, state: isSame ? 'same' : 'different', size: Number(size) };
}

/** rsync writes bytes that are not printable in the C locale as `\#` and three octal digits. */
function unescaped(written: string): ByteString {
  return written.replace(/\\#([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  ) as ByteString;
}
