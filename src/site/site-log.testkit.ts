import { readFileIfThere } from '../os/if-there.ts';
import type { SiteLogEntry } from './site-log.ts';

/** What the log of a site says, the oldest first. */
export function readSiteLog({ log }: { readonly log: string }): SiteLogEntry[] {
  const lines = readFileIfThere(log)?.toString('utf8').split('\n') ?? [];
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as SiteLogEntry);
}
