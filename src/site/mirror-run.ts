import { throwIfCancelled } from '../base/cancel.ts';
import type { MessageCode, MessageParameters } from '../base/catalogue.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import type { StreamName } from '../base/identifiers.ts';
import { type Reporter, silentReporter } from '../base/progress.ts';
import { formatBytes } from '../base/units.ts';
import { isOpen, parseWindow } from '../plan/window.ts';
import type { ReadableStore } from '../store/store.ts';
import type { TreeSubject } from './known-bundles.ts';
import { fetchMissing } from './mirror-fetch.ts';
import { createPace } from './mirror-pace.ts';
import { planMirror } from './mirror-plan.ts';
import type { MirrorChoice, MirrorItem, MirrorPlace, MirrorPlan } from './mirror-types.ts';
import type { PullThrough } from './pull-types.ts';
import { appendSiteLog } from './site-log.ts';

/** A site that fetches. */
export type MirrorSite = MirrorPlace & {
  readonly pull: Pick<PullThrough, 'inBackground'>;
};

export type MirrorRunOptions = MirrorChoice & {
  /** Also outside of the hours and days. The month and the limit of the rate hold all the same. */
  readonly now?: boolean | undefined;
  /** Builds that are left out this time. */
  readonly skip?: ((item: MirrorItem) => boolean) | undefined;
  /** Milliseconds that a file that came has to get its place. */
  readonly patience?: number | undefined;
  readonly reporter?: Reporter | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** A sentence to be said in the language of whoever reads it. */
export type MirrorSentence = { readonly code: MessageCode; readonly parameters: MessageParameters };

/** What became of one build or one bundle. */
export type MirroredBuild = {
  readonly build: TreeSubject;
  readonly streams: readonly StreamName[];
  readonly security: boolean;
  /**
   * `complete`: all that is wanted is here; `refused`: it goes beyond the month or the disk; `waiting`: for the hours,
   * or the link; `failed`: see `reason`.
   */
  readonly result: 'complete' | 'refused' | 'waiting' | 'failed';
  /** Bytes that came for it. */
  readonly bytes: number;
  readonly reason: MirrorSentence | null;
};

/** What one mirroring brought. */
export type MirrorResult = {
  readonly builds: readonly MirroredBuild[];
  /** Bytes that came. */
  readonly bytes: number;
  readonly seconds: number;
  /** Why it ended before its time; null: it did all that it could. */
  readonly stopped: MirrorSentence | null;
  /** Followed streams that the repository does not have. */
  readonly unknown: readonly StreamName[];
};

/**
 * Fetches what the followed streams lack: security builds first, then stream by stream. What was received is kept
 * whatever happens, and the next run goes on behind it. Throws `cancelled` and what {@link planMirror} throws.
 */
export async function runMirror(site: MirrorSite, options: MirrorRunOptions = {}): Promise<MirrorResult> {
  const { signal, skip = () => false } = options;
  const started = performance.now();
  const plan = await planMirror(site, options);
  const items = plan.items.filter((item) => !skip(item));
  const fetching = startFetching(site, plan, options);
  const builds: MirroredBuild[] = [];
  let stopped: SatchelError | undefined;
  for (const item of items) {
    throwIfCancelled(signal);
    const before = fetching.bytes();
    const outcome = stopped ?? (await attempt(() => fetchItem(site, item, fetching, options)));
    const ended = endOf(item, outcome, fetching.bytes() - before);
    builds.push(ended);
    if (ended.result === 'waiting' && outcome instanceof SatchelError && !isOutsideHours(outcome))
      stopped = outcome;
    if (ended.result !== 'waiting' || ended.bytes > 0) note(site, ended);
  }
  // Hours that end stop everything but security builds, which come first.
  const waiting = builds.find(({ result }) => result === 'waiting');
  return {
    builds,
    bytes: fetching.bytes(),
    seconds: (performance.now() - started) / 1000,
    stopped: stopped === undefined ? (waiting?.reason ?? null) : sentenceOf(stopped),
    unknown: plan.unknown,
  };
}

/** Whether this build may be fetched at this moment: security builds may at any time. */
function outsideHours(
  site: MirrorPlace,
  item: MirrorItem,
  options: MirrorRunOptions,
): SatchelError | undefined {
  if (options.now || item.security) return undefined;
  const { hours, days } = site.settings();
  if (isOpen(parseWindow({ hours, days }), site.clock())) return undefined;
  return new SatchelError('site-outside-hours', { hours: [days, hours].filter(Boolean).join(' ') });
}

type Fetching = {
  readonly store: ReadableStore;
  /** From here on `item` is fetched. */
  begin(item: MirrorItem): void;
  received(bytes: number): void;
  bytes(): number;
};

function startFetching(site: MirrorSite, plan: MirrorPlan, options: MirrorRunOptions): Fetching {
  const { reporter = silentReporter } = options;
  let current: MirrorItem | undefined;
  let bytes = 0;
  const pace = createPace({
    bytesPerSecond: () => site.settings().bytesPerSecond,
    refusal: () => current && outsideHours(site, current, options),
  });
  return {
    store: site.pull.inBackground(pace),
    begin(item) {
      current = item;
    },
    received(length) {
      bytes += length;
      const total = Math.max(plan.bytes, bytes);
      reporter.progress({ step: 'fetch', done: bytes, total, unit: 'bytes' });
    },
    bytes: () => bytes,
  };
}

/** Fetches all that an item lacks. Undefined when it is complete. Throws what speaks against going on. */
async function fetchItem(
  site: MirrorSite,
  item: MirrorItem,
  fetching: Fetching,
  options: MirrorRunOptions,
): Promise<SatchelError | undefined> {
  let now: MirrorItem | undefined = item;
  const check = (current: MirrorItem) => {
    const refused = refusalOf(site, current) ?? outsideHours(site, current, options);
    if (refused !== undefined) throw refused;
    fetching.begin(current);
    return current.files;
  };
  let isFirst = true;
  const left = await fetchMissing({
    store: fetching.store,
    async missing() {
      // It was planned a moment ago.
      if (!isFirst) now = (await planMirror(site, options)).items.find(({ build }) => build === item.build);
      isFirst = false;
      return now === undefined ? [] : check(now);
    },
    received: fetching.received,
    patience: options.patience,
    signal: options.signal,
  });
  return left.length === 0 ? undefined : new SatchelError('site-mirror-not-kept', { build: item.build });
}

/** Why an item of a plan may not be fetched. */
function refusalOf({ month }: MirrorPlace, { build, refusal, bytes }: MirrorItem): SatchelError | undefined {
  if (refusal === 'disk')
    return new SatchelError('site-mirror-no-room', { build, bytes: formatBytes(bytes) });
  if (refusal !== 'month') return undefined;
  const left = formatBytes(month()?.left ?? 0);
  return new SatchelError('site-mirror-over-month', { build, bytes: formatBytes(bytes), left });
}

async function attempt(action: () => Promise<SatchelError | undefined>): Promise<SatchelError | undefined> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof SatchelError) || error.code === 'cancelled') throw error;
    return error;
  }
}

function endOf(
  { build, streams, security }: MirrorItem,
  outcome: SatchelError | undefined,
  bytes: number,
): MirroredBuild {
  return {
    ...{ build, streams, security, bytes },
    result: resultOf(outcome),
    reason: outcome === undefined ? null : sentenceOf(outcome),
  };
}

function resultOf(outcome: SatchelError | undefined): MirroredBuild['result'] {
  if (outcome === undefined) return 'complete';
  if (isOutsideHours(outcome) || isLinkFailure(outcome)) return 'waiting';
  return isSatchelError(outcome, 'site-mirror-no-room', 'site-mirror-over-month') ? 'refused' : 'failed';
}

function isOutsideHours(error: SatchelError): boolean {
  return isSatchelError(error, 'site-outside-hours');
}

const linkCodes: readonly MessageCode[] = [
  'store-unreachable',
  'store-stalled',
  'store-too-short',
  'site-upstream-down',
  'site-month-spent',
  'site-loop',
];

/** True for the code of a failure after which nothing else can be fetched either, for now. */
export function isLinkCode(code: MessageCode): boolean {
  return linkCodes.includes(code);
}

/** True when nothing else can be fetched either, for now. */
export function isLinkFailure(error: unknown): error is SatchelError {
  return error instanceof SatchelError && isLinkCode(error.code);
}

function sentenceOf({ code, parameters }: SatchelError): MirrorSentence {
  return { code, parameters };
}

function note({ layout, clock }: MirrorPlace, { build, result, bytes, reason }: MirroredBuild): void {
  appendSiteLog(layout, {
    ...{ at: recordTime(clock()), event: `mirror-${result}`, build, bytes },
    ...(reason ?? {}),
  });
}
