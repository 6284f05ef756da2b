import { join } from 'node:path';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readRecordIfGood } from '../os/record-file.ts';
import type { SiteLayout } from './layout.ts';

/** A device in the middle of an update may go on for so long by what no build names any more: milliseconds. */
const unneededGrace = 7 * 24 * 3600_000;

const format = 1;

/**
 * Files that no build has needed for the grace, by since when; the beginning is kept on the disk. A file that is needed
 * again starts anew.
 */
export function overdueFiles(
  { directory }: Pick<SiteLayout, 'directory'>,
  unneeded: readonly string[],
  now: number,
): string[] {
  const path = join(directory, 'unneeded.json');
  const since = readSince(path);
  const next = new Map(unneeded.map((name) => [name, Math.min(since.get(name) ?? now, now)]));
  const isSame = next.size === since.size && [...next].every(([name, time]) => since.get(name) === time);
  if (!isSame) writeSince(path, next);
  return unneeded.filter((name) => now - next.get(name)! >= unneededGrace);
}

/** One that is damaged or newer says nothing, and files stay a little longer. */
function readSince(path: string): Map<string, number> {
  const since = readRecordIfGood(path, (fields) => {
    fields.expectFormat('unneeded', format);
    return fields.list('files').map((file) => [file.text('name'), file.count('since')] as const);
  });
  return new Map(since);
}

function writeSince(path: string, since: ReadonlyMap<string, number>): void {
  const files = [...since].map(([name, time]) => ({ name, since: time }));
  writeFileAtomic(path, `${JSON.stringify({ satchel: 'unneeded', format, files })}\n`);
}
