import { basename, dirname } from 'node:path';
import { SatchelError } from '../base/errors.ts';

/** A file in a list of checksums. */
export type XsLine = { readonly name: string; readonly sum: string };

/** The kinds of lists, the better one first, with the length of a sum in hex digits. */
export const xsManifests = [
  { name: 'manifest.sha256', algorithm: 'sha256', digits: 64 },
  { name: 'manifest.sha1', algorithm: 'sha1', digits: 40 },
] as const;

/** Letters that a file in a drop directory may have in its name; it never begins with a full stop or a hyphen. */
const allowedName = /^[A-Za-z0-9_+][A-Za-z0-9._+-]{0,199}$/;

/**
 * Reads the output of `sha256sum *` or `sha1sum *`. The names are plain: nothing leads out of the folder, or into another
 * one. Throws `xs-manifest-damaged` with the line.
 */
export function parseXsManifest(bytes: Uint8Array, digits: number, path: string): XsLine[] {
  const seen = new Set<string>();
  const lines: XsLine[] = [];
  const damaged = (line: number) =>
    new SatchelError('xs-manifest-damaged', { path, line, folder: basename(dirname(path)) });
  for (const [index, raw] of Buffer.from(bytes).toString('latin1').split('\n').entries()) {
    const line = raw.replace(/\r$/, '');
    if (line === '') continue;
    const [, sum, name] = /^([0-9A-Fa-f]+) [ *](?:\.\/)?(.+)$/.exec(line) ?? [];
    const isRight = sum?.length === digits && name !== undefined && allowedName.test(name) && !seen.has(name);
    if (!isRight) throw damaged(index + 1);
    seen.add(name);
    lines.push({ name, sum: sum.toLowerCase() });
  }
  if (lines.length === 0) throw damaged(1);
  return lines;
}
