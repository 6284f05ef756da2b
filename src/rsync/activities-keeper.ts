import { statSync } from 'node:fs';
import { say } from '../base/catalogue.ts';
import { isSatchelError, messageOf } from '../base/errors.ts';
import { sleep } from '../base/sleep.ts';
import { type ActivitiesSource, renewActivities } from './activities-folder.ts';
import type { RsyncLayout } from './layout.ts';
import type { ServiceLog } from './service-log.ts';

/** Milliseconds between two looks at what may have changed. */
const usualInterval = 2000;

/** It is renewed after so many looks in any case: packs arrive at a site in parts. */
const looks = 150;

/** Keeps the folder of the module `activities` as new as what a place offers, until it is closed. */
export function keepActivities(
  layout: RsyncLayout,
  source: ActivitiesSource,
  log: Pick<ServiceLog, 'warn'>,
  { interval = usualInterval }: { readonly interval?: number } = {},
): { close(): Promise<void> } {
  const closing = new AbortController();
  const { signal } = closing;
  const told = new Set<string>();
  const tell = (code: 'activities-rsync-failed' | 'activities-rsync-without', reason: string) => {
    if (!told.has(reason)) log.warn(say(code, { reason }, 'en').text);
    told.add(reason);
  };
  const renew = async () => {
    try {
      for (const reason of await renewActivities(layout, source, signal))
        tell('activities-rsync-without', reason);
    } catch (error) {
      // A repository that nobody has published to offers nothing.
      if (!signal.aborted && !isSatchelError(error, 'repository-absent'))
        tell('activities-rsync-failed', messageOf(error));
    }
  };
  const work = async () => {
    let seen: string | undefined;
    for (let look = 0; !signal.aborted; look += 1) {
      const now = source.watched.map(mark).join(' ');
      if (now !== seen || look % looks === 0) await renew();
      seen = now;
      await sleep(interval, signal).catch(() => undefined);
    }
  };
  const working = work();
  return {
    async close() {
      closing.abort();
      await working;
    },
  };
}

function mark(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? '-' : `${found.ino}:${found.mtimeMs}`;
}
