import type { BuildRecord } from './records.ts';

/** What the notes of a build that mends a security hole begin with: every reader of the record may look for it. */
const mark = '[security]';

/** True for a build that mends a security hole: sites fetch it before others, and outside of their hours. */
export function isSecurityBuild({ notes }: Pick<BuildRecord, 'notes'>): boolean {
  return notes.startsWith(mark);
}

/** Notes that say so, once. */
export function securityNotes(notes = ''): string {
  return isSecurityBuild({ notes }) ? notes : `${mark} ${notes}`.trimEnd();
}
