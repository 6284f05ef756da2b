import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { untilAborted } from '../base/cancel.ts';
import type { Clock } from '../base/clock.ts';
import { isSatchelError, type SatchelError } from '../base/errors.ts';
import type { Reporter } from '../base/progress.ts';
import { listIfThere } from '../os/if-there.ts';
import { metadataFile } from '../trust/names.ts';
import { day } from '../trust/roles.ts';
import type { SiteLayout } from './layout.ts';
import { openLinkFile } from './link-file.ts';
import { refreshMetadata, type SiteNews } from './metadata-refresh.ts';
import type { SiteSettings } from './settings.ts';
import type { Upstream } from './upstream.ts';
import { presentCause } from './upstream-via.ts';

/** Keeps the metadata of a site as new as its upstream's, for the life of a process. */
export type MetadataMirror = {
  /**
   * Asks the upstream for news now; what several ask for at the same time is done once. Throws what
   * `refreshMetadata` throws; why news were refused is kept for `satchel site status`.
   */
  refresh(options?: { readonly signal?: AbortSignal | undefined }): Promise<SiteNews>;
  /**
   * Called before `metadata/…` or `lite/…` is read from the disk. Asks for news unless it did so just now or the upstream is
   * down, and waits for them a short while only; for a file that is not here it waits longer. Never throws.
   */
  fresh(name?: string): Promise<void>;
  /** Asks for news as {@link fresh} does, but nobody waits for them: whoever asks next has them. Never throws. */
  freshInBackground(): void;
  /** Stops what is under way. */
  close(): Promise<void>;
};

export type MetadataMirrorOptions = {
  readonly layout: SiteLayout;
  readonly upstream: Upstream;
  /** As they are now. */
  readonly settings: () => Pick<SiteSettings, 'fresh'>;
  readonly clock: Clock;
  readonly reporter?: Reporter | undefined;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
};

/** Milliseconds that a device waits for news, counted from when they were asked for; and for what is not here at all. */
const newsPatience = 2000;
const firstPatience = 30_000;

type Asked = { readonly work: Promise<SiteNews>; readonly since: number };

/** What was asked for by requests of one kind: what is under way, and when the last ended. */
type Asking = { asked: Asked | undefined; ended: number };

/** Opens the mirror; nothing is asked for yet. */
export function createMetadataMirror(options: MetadataMirrorOptions): MetadataMirror {
  const { layout, upstream, settings, clock, now = () => performance.now() } = options;
  const reporter = options.reporter && onceADay(options.reporter, now);
  const file = openLinkFile(layout, clock);
  const closing = new AbortController();
  const none = (): Asking => ({ asked: undefined, ended: Number.NEGATIVE_INFINITY });
  // Anybody can say that a request has come through places that the upstream then refuses as a loop: such requests keep
  // nobody else from news.
  const ownAsking = none();
  const passedOn = none();
  const asking = () => (presentCause().length === 0 ? ownAsking : passedOn);
  /** Streams whose lists somebody has asked for. */
  const lite = new Set<string>();
  const tried = new Map<string, number>();
  const isRecent = (time = Number.NEGATIVE_INFINITY) => now() - time < settings().fresh * 1000;

  const run = async (by: Asking): Promise<SiteNews> => {
    try {
      const wanted = [...lite];
      const { signal } = closing;
      const news = await refreshMetadata({ layout, store: upstream, clock, reporter, signal, lite: wanted });
      for (const stream of wanted) lite.delete(stream);
      file.checked(undefined);
      for (const each of [ownAsking, passedOn]) each.ended = now();
      return news;
    } catch (error) {
      if (isSatchelError(error) && !isOfLink(error)) file.checked(error);
      throw error;
    } finally {
      by.ended = now();
      by.asked = undefined;
    }
  };
  const ask = (): Asked => {
    const by = asking();
    if (by.asked === undefined) {
      const work = run(by);
      // Whoever waits is told of its failure; nobody need wait.
      work.catch(() => undefined);
      by.asked = { work, since: now() };
    }
    return by.asked;
  };

  return {
    refresh: ({ signal } = {}) => untilAborted(ask().work, signal),
    async fresh(name) {
      const stream = absentStream(layout, name);
      const isWanted = stream !== undefined && !isRecent(tried.get(stream));
      if (isWanted) {
        tried.set(stream, now());
        lite.add(stream);
      }
      const { asked, ended } = asking();
      if (asked === undefined && ((isRecent(ended) && !isWanted) || upstream.isDown())) return;
      const isFailing = upstream.link().downSince !== undefined;
      const { work, since } = ask();
      if (isFailing) return;
      if (isWanted || isAbsent(layout, name, timestampFile)) await settled(work, firstPatience);
      else await settled(work, since + newsPatience - now());
      // What was under way had begun before somebody asked for these lists.
      if (isWanted && lite.has(stream) && !upstream.isDown()) await settled(ask().work, firstPatience);
    },
    freshInBackground() {
      const { asked, ended } = asking();
      if (asked === undefined && !isRecent(ended) && !upstream.isDown()) ask();
    },
    async close() {
      closing.abort();
      await Promise.allSettled([ownAsking.asked?.work, passedOn.asked?.work]);
    },
  };
}

/** What is asked every half a minute would say the same every half a minute. */
function onceADay(reporter: Reporter, now: () => number): Reporter {
  const said = new Map<string, number>();
  return {
    progress: (progress) => reporter.progress(progress),
    notice(code, parameters) {
      for (const [key, time] of said) if (now() - time > day) said.delete(key);
      const key = JSON.stringify([code, parameters]);
      if (said.has(key)) return;
      said.set(key, now());
      reporter.notice(code, parameters);
    },
  };
}

const timestampFile = metadataFile('timestamp');

function isAbsent({ repository }: SiteLayout, name: string | undefined, expected: string): boolean {
  return name === expected && !existsSync(join(repository, expected));
}

/** The stream whose lists for satchel-lite are asked for and are not here; undefined when there is no such stream. */
function absentStream({ repository }: SiteLayout, name: string | undefined): string | undefined {
  const stream = name === undefined ? undefined : /^lite\/([^/]+)$/.exec(name)?.[1];
  if (stream === undefined || stream.endsWith('.sum') || existsSync(join(repository, `lite/${stream}`)))
    return undefined;
  const records = listIfThere(join(repository, 'targets/streams'));
  return records.some((file) => file.slice(file.indexOf('.') + 1) === `${stream}.json`) ? stream : undefined;
}

/** Waits until the work is over, however it ends, but not longer than so many milliseconds. */
async function settled(work: Promise<unknown>, milliseconds: number): Promise<void> {
  if (milliseconds <= 0) return;
  const timer = Promise.withResolvers<void>();
  const timeout = setTimeout(timer.resolve, milliseconds);
  try {
    await Promise.race([work, timer.promise]);
  } catch {
    // Why is in the status; what is on the disk is as good as before.
  } finally {
    clearTimeout(timeout);
  }
}

/** True for what says something about the way to the upstream, not about what it says. */
function isOfLink(error: SatchelError): boolean {
  return isSatchelError(
    error,
    'store-unreachable',
    'store-stalled',
    'store-certificate',
    'site-upstream-down',
    'site-month-spent',
    'site-metadata-busy',
    'cancelled',
  );
}
