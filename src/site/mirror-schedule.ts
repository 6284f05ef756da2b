import { existsSync } from 'node:fs';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { untilAborted } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import { createQueue } from '../base/queue.ts';
import { nextOpening, parseWindow } from '../plan/window.ts';
import type { Evicted } from './evict-carry-out.ts';
import type { TreeSubject } from './known-bundles.ts';
import { type PlanOptions, planMirror } from './mirror-plan.ts';
import {
  isLinkCode,
  isLinkFailure,
  type MirrorResult,
  type MirrorRunOptions,
  type MirrorSentence,
  type MirrorSite,
  runMirror,
} from './mirror-run.ts';
import type { MirrorItem, MirrorPlan } from './mirror-types.ts';

/** A site that mirrors by itself. */
export type ScheduledSite = MirrorSite & {
  /** Asks the upstream for news. Throws what that throws. */
  readonly refresh: (options: { readonly signal: AbortSignal }) => Promise<unknown>;
  /** Resolves when the upstream may be tried again. Throws `cancelled`. */
  readonly untilTry: (options: { readonly signal: AbortSignal }) => Promise<void>;
  /** Told of what went wrong without anybody waiting for it. */
  readonly onFailure: (error: unknown) => void;
};

/** What mirroring does now, for pages and status. */
export type MirrorState = {
  readonly phase: 'resting' | 'asking' | 'fetching';
  /** Bytes that came, and that were to come, of the run that is under way. */
  readonly done: number;
  readonly total: number;
  /** When it looks for news again by itself, ISO 8601; null while it works. */
  readonly next: string | null;
  /** What the last run brought, and when it ended. */
  readonly last: { readonly ended: string; readonly result: MirrorResult } | null;
  /** Why the upstream could not be asked; null: it could. */
  readonly failure: MirrorSentence | null;
};

/** The mirroring of a site that is being served. */
export type Mirror = {
  state(): MirrorState;
  /** Mirrors now, after what is under way. Throws what asking for news, planning and fetching throw. */
  run(options?: MirrorRunOptions): Promise<MirrorResult>;
  /** Removes what is not needed and what is over the budget, after what is under way. */
  collect(options?: { readonly signal?: AbortSignal | undefined }): Promise<Evicted>;
  /** What mirroring would bring, after asking for news. */
  plan(options?: PlanOptions): Promise<MirrorPlan>;
  /** There may be news: it looks at once. */
  wake(): void;
  /** Stops fetching and waits for the end of it. */
  close(): Promise<void>;
};

export type ScheduleOptions = {
  /** Waits; tests give another. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
};

/** News are asked for this often when nothing else calls for it, milliseconds. */
const interval = 15 * 60_000;

/** What failed for its own reasons is left alone for so long at first, doubling to the longest. */
const firstRest = 3600_000;
const longestRest = 24 * 3600_000;

/** A site that mirrors, at one moment. */
type Mirroring = {
  readonly site: ScheduledSite;
  readonly sleep: NonNullable<ScheduleOptions['sleep']>;
  readonly closing: AbortController;
  readonly inTurn: ReturnType<typeof createQueue>;
  readonly resting: ReturnType<typeof createRests>;
  readonly pauses: ReturnType<typeof createLinkPauses>;
  state: MirrorState;
  /** Ends the rest that is under way. */
  waking: AbortController;
};

/** Starts to mirror by itself until it is closed. */
export function startMirror(site: ScheduledSite, { sleep = pause }: ScheduleOptions = {}): Mirror {
  const closing = new AbortController();
  const inTurn = createQueue();
  const mirroring: Mirroring = {
    ...{ site, sleep, closing, inTurn },
    resting: createRests(site.clock),
    pauses: createLinkPauses(site, closing.signal),
    state: { phase: 'resting', done: 0, total: 0, next: null, last: null, failure: null },
    waking: new AbortController(),
  };
  const running = keepMirroring(mirroring);
  return {
    state: () => mirroring.state,
    run: (options = {}) =>
      untilAborted(
        inTurn(() => fetchAll(mirroring, options)),
        options.signal,
      ),
    collect: (options) => inTurn(() => site.evictor.collect(options)),
    plan: (options = {}) => planWithNews(site, { signal: closing.signal, ...options }),
    wake: () => mirroring.waking.abort(),
    async close() {
      closing.abort();
      await running;
      await inTurn(async () => {});
    },
  };
}

function change(mirroring: Mirroring, next: Partial<MirrorState>): void {
  mirroring.state = { ...mirroring.state, ...next };
}

async function keepMirroring(mirroring: Mirroring): Promise<void> {
  const { site, closing } = mirroring;
  while (!closing.signal.aborted) {
    const milliseconds = await work(mirroring);
    change(mirroring, { next: new Date(site.clock() + milliseconds).toISOString() });
    await rest(mirroring, milliseconds);
  }
}

/** One round; the answer is how many milliseconds to rest after it. */
async function work(mirroring: Mirroring): Promise<number> {
  const { site, closing, inTurn, resting, pauses } = mirroring;
  try {
    const isFollowing = site.settings().follow.length > 0;
    const round = () => fetchAll(mirroring, { skip: resting.rests });
    const result = isFollowing ? await inTurn(round) : undefined;
    await inTurn(() => site.evictor.collect({ signal: closing.signal }));
    // Laptops that ask for leases make nobody ask for news, and who is stolen is news.
    if (!isFollowing && existsSync(site.layout.leases)) await site.refresh({ signal: closing.signal });
    if (result?.stopped && isLinkCode(result.stopped.code)) return await pauses.after(result.stopped);
    pauses.end();
    return Math.min(interval, result?.stopped ? untilOpening(site) : interval);
  } catch (error) {
    if (closing.signal.aborted) return 0;
    site.onFailure(error);
    return isLinkFailure(error) ? await pauses.after(error) : interval;
  }
}

/** Asks for news and fetches what is lacking. */
async function fetchAll(mirroring: Mirroring, options: MirrorRunOptions): Promise<MirrorResult> {
  const { site, closing, resting } = mirroring;
  const signal = options.signal ? AbortSignal.any([options.signal, closing.signal]) : closing.signal;
  try {
    change(mirroring, { phase: 'asking', done: 0, total: 0, next: null });
    await site.refresh({ signal });
    change(mirroring, { phase: 'fetching', failure: null });
    const reporter = {
      progress(progress: { done: number; total?: number }) {
        change(mirroring, { done: progress.done, total: progress.total ?? 0 });
        options.reporter?.progress({ step: 'fetch', unit: 'bytes', ...progress });
      },
      notice: (...notice: Parameters<NonNullable<MirrorRunOptions['reporter']>['notice']>) =>
        options.reporter?.notice(...notice),
    };
    const result = await runMirror(site, { ...options, reporter, signal });
    resting.learn(result);
    change(mirroring, { last: { ended: new Date(site.clock()).toISOString(), result } });
    return result;
  } catch (error) {
    if (error instanceof SatchelError && error.code !== 'cancelled')
      change(mirroring, { failure: { code: error.code, parameters: error.parameters } });
    throw error;
  } finally {
    change(mirroring, { phase: 'resting' });
  }
}

/** Rests until it is time, or until somebody wakes it, or until the operator has changed something. */
async function rest(mirroring: Mirroring, milliseconds: number): Promise<void> {
  const { site, sleep, closing, waking } = mirroring;
  const settled = JSON.stringify(site.settings());
  const signal = AbortSignal.any([waking.signal, closing.signal]);
  for (let left = milliseconds; left > 0 && !signal.aborted; left -= lookEvery) {
    await sleep(Math.min(left, lookEvery), signal);
    if (JSON.stringify(site.settings()) !== settled) break;
  }
  mirroring.waking = new AbortController();
}

/** The rests after failures of the link in a row. */
function createLinkPauses(site: ScheduledSite, signal: AbortSignal) {
  let failures = 0;
  return {
    /** Resolves when the link may be tried again; the answer is how long to rest even then, longer each time. */
    async after({ code }: Pick<MirrorSentence, 'code'>): Promise<number> {
      if (code === 'site-month-spent' || code === 'site-loop') return interval;
      await site.untilTry({ signal }).catch(() => undefined);
      failures += 1;
      return Math.min(interval, firstPause * 2 ** (failures - 1));
    },
    /** The link has worked. */
    end(): void {
      failures = 0;
    },
  };
}

/** The rest after the first failure of the link, milliseconds; it doubles with each that follows. */
const firstPause = 5_000;

/** So often it looks whether the operator has changed the settings, milliseconds. */
const lookEvery = 30_000;

/** What mirroring would bring; where the upstream cannot be asked for news, by what is known. */
export async function planWithNews(
  site: ScheduledSite,
  options: PlanOptions & { readonly signal: AbortSignal },
): Promise<MirrorPlan> {
  try {
    await site.refresh(options);
  } catch (error) {
    if (!(error instanceof SatchelError) || error.code === 'cancelled') throw error;
  }
  return planMirror(site, options);
}

function untilOpening({ settings, clock }: MirrorSite): number {
  return Math.max(1000, nextOpening(parseWindow(settings()), clock()).begins - clock());
}

/** Builds that cannot be had whatever one does are not asked for all day long. */
function createRests(clock: () => number) {
  const rests = new Map<TreeSubject, { until: number; length: number }>();
  return {
    rests: ({ build }: MirrorItem): boolean => clock() < (rests.get(build)?.until ?? 0),
    learn({ builds }: MirrorResult) {
      for (const { build, result } of builds) {
        if (result !== 'failed') rests.delete(build);
        else {
          const length = Math.min(longestRest, 2 * (rests.get(build)?.length ?? firstRest / 2));
          rests.set(build, { until: clock() + length, length });
        }
      }
    },
  };
}

/** Ends early, and without complaint, when the signal is aborted. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleepFor(milliseconds, undefined, { signal }).catch(() => undefined);
}
