import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { tryLock } from '../os/file-lock.ts';
import { readRecordIfGood } from '../os/record-file.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { SiteLayout } from './layout.ts';

const format = 1;

/** The lock of whoever takes a stick in. */
export function stickLock({ directory }: Pick<SiteLayout, 'directory'>): string {
  return join(directory, 'stick.lock');
}

function noteOf({ directory }: Pick<SiteLayout, 'directory'>): string {
  return join(directory, 'stick-kept.json');
}

/**
 * Writes down the files of the builds on the stick that is being taken in, here already or not: none of them may go to make
 * room, in whichever process. Signed metadata that names them comes only after them, so nothing else tells that they are
 * needed. The note holds while the lock of the stick is held.
 */
export function keepForStick(layout: Pick<SiteLayout, 'directory'>, names: Iterable<string>): void {
  const files = [...new Set(names)].map((name) => ({ name }));
  const record = { satchel: 'stick-kept', format, files };
  writeFileAtomic(noteOf(layout), `${JSON.stringify(record)}\n`, { mode: 0o600 });
}

/** What the stick brought is named by the metadata of the site from now on. */
export function forgetKept(layout: Pick<SiteLayout, 'directory'>): void {
  const path = noteOf(layout);
  withSystemErrors('unlink', path, () => rmSync(path, { force: true }));
}

/** The files that may not go for the stick that is being taken in now; a note that a killed process left says nothing. */
export function keptForStick(layout: Pick<SiteLayout, 'directory'>): ReadonlySet<string> {
  const names = readRecordIfGood(noteOf(layout), (fields) => {
    fields.expectFormat('stick-kept', format);
    return fields.list('files').map((file) => file.text('name'));
  });
  if (names === undefined) return new Set();
  const lock = tryLock(stickLock(layout));
  lock?.release();
  return new Set(lock === undefined ? names : []);
}
