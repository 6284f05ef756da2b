import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { withSystemErrors } from '../os/system-error.ts';

/** One thing that an operator may ask about later: what was removed, taken or refused, and why. */
export type SiteLogEntry = {
  /** When, ISO 8601 in UTC. */
  readonly at: string;
  /** What happened, as a word with hyphens: `build-evicted`, `mirror-done`, `stick-refused`. */
  readonly event: string;
  /** More about it: names, numbers, and `code` with `parameters` where a sentence of the catalogue tells it. */
  readonly [field: string]: unknown;
};

/** A log that has grown beyond this many bytes becomes `log.jsonl.1`, in the place of the one before. */
const longestLog = 4 * 1024 * 1024;

/**
 * Adds a line to the log of a site. A line is written at once, so that several processes may write at the same time; a
 * power cut may cost the last lines. A full disk is no reason to fail what is being told about: then the line is lost.
 */
export function appendSiteLog({ log }: { readonly log: string }, entry: SiteLogEntry): void {
  const line = `${JSON.stringify(entry)}\n`;
  try {
    withSystemErrors('write', log, () => {
      mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
      if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > longestLog) renameSync(log, `${log}.1`);
      appendFileSync(log, line, { mode: 0o600 });
    });
  } catch {
    // Whoever tells of something has more important things to do than to fail for the telling.
  }
}
