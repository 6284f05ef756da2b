import { statSync } from 'node:fs';
import type { SiteLayout } from './layout.ts';
import { readSiteSettings, type SiteSettings } from './settings.ts';

/**
 * The settings of a site as they are now, for a process that goes on while `satchel site set` changes them: looked at
 * anew at most once a second. What cannot be read while it goes on changes nothing. Throws what reading throws only
 * here, not later.
 */
export function currentSettings(layout: SiteLayout, onFailure: (error: unknown) => void): () => SiteSettings {
  let settings = readSiteSettings(layout);
  let seen = markOf(layout);
  let looked = performance.now();
  return () => {
    if (performance.now() - looked < 1000) return settings;
    looked = performance.now();
    const mark = markOf(layout);
    if (mark === seen) return settings;
    seen = mark;
    try {
      settings = readSiteSettings(layout);
    } catch (error) {
      onFailure(error);
    }
    return settings;
  };
}

function markOf({ settings }: SiteLayout): string {
  const found = statSync(settings, { throwIfNoEntry: false });
  return found === undefined ? '' : `${found.ino} ${found.size} ${found.mtimeMs}`;
}
