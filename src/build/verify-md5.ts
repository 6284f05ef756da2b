import { createHash } from 'node:crypto';
import { createReadStream, fstatSync } from 'node:fs';
import { basename } from 'node:path';
import { byteStringFromText } from '../base/byte-string.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { type Reporter, silentReporter } from '../base/progress.ts';
import { md5For, parseMd5sum } from '../formats/md5sum.ts';
import { systemError } from '../os/system-error.ts';
import { openSetFile, readSideFile } from './set-file.ts';
import type { ArchiveSource, Source } from './source.ts';

/** Largest `.md5` file that is read. */
const md5FileLimit = 1024 * 1024;
const readAhead = 1024 * 1024;

/**
 * Checks an archive against the `.md5` beside it. True when it was checked, false when there is nothing to check it
 * against. Throws `source-md5-wrong`, `source-md5-unreadable`, `cancelled`.
 */
export async function verifyMd5(
  source: Source,
  options: { readonly signal?: AbortSignal | undefined; readonly reporter?: Reporter | undefined } = {},
): Promise<boolean> {
  if (source.kind !== 'archive' || source.md5Path === undefined) return false;
  const { path, md5Path } = source;
  const expected = expectedMd5(source, md5Path);
  const { signal, reporter = silentReporter } = options;
  const hash = createHash('md5');
  let done = 0;
  try {
    const fd = openSetFile(path, source);
    const total = fstatSync(fd).size;
    for await (const piece of createReadStream(path, { fd, highWaterMark: readAhead })) {
      throwIfCancelled(signal);
      hash.update(piece as Uint8Array);
      done += (piece as Uint8Array).length;
      reporter.progress({ step: 'check', done, total, unit: 'bytes' });
    }
  } catch (error) {
    throw systemError(error, 'read', path);
  }
  const found = hash.digest('hex');
  if (found !== expected) throw new SatchelError('source-md5-wrong', { path, md5Path, found, expected });
  return true;
}

/**
 * The hash that the list gives for the archive. A list of one line counts whatever name it gives: archives get
 * renamed to the spelling that a publisher expects, and what matters is that these are the bytes.
 */
function expectedMd5({ path, noLinks }: ArchiveSource, md5Path: string): string {
  const unreadable = (cause?: unknown) =>
    new SatchelError('source-md5-unreadable', { path, md5Path }, { cause });
  try {
    const lines = parseMd5sum(readSideFile(md5Path, md5FileLimit, { noLinks }));
    const md5 =
      md5For(lines, byteStringFromText(basename(path))) ?? (lines.length === 1 ? lines[0]?.md5 : undefined);
    if (md5 === undefined) throw unreadable();
    return md5;
  } catch (error) {
    if (isSatchelError(error, 'md5sum-invalid')) throw unreadable(error);
    throw error;
  }
}
