import { throwIfCancelled } from '../base/cancel.ts';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import { createQueue } from '../base/queue.ts';
import { formatBytes } from '../base/units.ts';
import { freeSpace } from '../os/disk.ts';
import { carryOut, type Evicted, evictTrees, removeFiles, type SiteTrees } from './evict-carry-out.ts';
import { createPacksOf, type Holdings, readHoldings } from './evict-holdings.ts';
import { keptForStick } from './evict-kept.ts';
import { type EvictionPlan, planEviction } from './evict-plan.ts';
import { type AskedEviction, evictionQuestion } from './evict-question.ts';
import { overdueFiles } from './evict-unneeded.ts';
import type { BuildUses } from './evict-use.ts';
import type { SiteLayout } from './layout.ts';
import { readPins } from './pin.ts';
import type { PullThrough } from './pull-types.ts';
import type { SiteSettings } from './settings.ts';
import { appendSiteLog } from './site-log.ts';

export type EvictorOptions = {
  readonly layout: SiteLayout;
  /** Asked anew each time, so that a change needs no restart. */
  readonly settings: () => Pick<SiteSettings, 'budget' | 'reserve' | 'follow'>;
  readonly pull: Pick<PullThrough, 'inUse' | 'receiving' | 'discard'>;
  readonly uses: BuildUses;
  /** Absent where there are none. */
  readonly trees?: SiteTrees | undefined;
  /** Bytes of disk outside the repository that count and that nothing here makes fewer; none when absent. */
  readonly bytesBeside?: (() => number) | undefined;
  readonly clock: Clock;
};

/** What a site takes on its disk, and what it may take. */
export type SiteUsage = {
  readonly usedBytes: number;
  readonly treeBytes: number;
  readonly budget: number;
  readonly free: number;
  readonly reserve: number;
};

/** For whom room is made. */
export type RoomOptions = {
  readonly signal?: AbortSignal | undefined;
  /** True for what a stick brings. */
  readonly forStick?: boolean;
};

/**
 * Keeps the disk of a site within its budget and its reserve. Whatever it does is done one after the other; each
 * removal has a line in the log of the site.
 */
export type Evictor = {
  /**
   * To be called before bytes are written; makes room for them if need be. Throws `site-budget-full` or
   * `site-disk-reserved` when nothing more may go: then nothing was removed in vain for them, but for trees where others
   * have to stay; their parameter `left` is the bytes that could be had. One stick is taken in at a time, and what it
   * was promised before is written by then.
   */
  ensureRoom(bytes: number, options?: RoomOptions): Promise<void>;
  /** Removes what no build has needed for a week, and what is over the budget. */
  collect(options?: { readonly signal?: AbortSignal | undefined }): Promise<Evicted>;
  /** Whether so many bytes could be had, without removing anything: the bytes that would be missing. */
  missingFor(bytes: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<number>;
  usage(options?: { readonly signal?: AbortSignal | undefined }): Promise<SiteUsage>;
};

/** So long after a promise the bytes that it was for have begun to come, milliseconds. */
const promisedFor = 10_000;

/** A count of the disk is good for so long, milliseconds: others write there too. */
const countedFor = 60_000;

/** Starts to look after the disk of a site. */
export function createEvictor(options: EvictorOptions): Evictor {
  const { layout, settings, pull, uses, trees, bytesBeside, clock } = options;
  const inTurn = createQueue();
  const packsOf = createPacksOf(layout);
  /** What everything took when it was counted. */
  let counted: { readonly at: number; readonly bytes: number; promised: number } | undefined;
  /** Room that was promised a moment ago: what it is for may not have begun to come. */
  let promises: { readonly at: number; readonly bytes: number; readonly forStick: boolean }[] = [];

  const free = () => freeSpace(layout.repository).bytes;
  /** Bytes that are on their way to this disk: what is being received, or what was promised just now. */
  const awaited = (): number => {
    promises = promises.filter(({ at }) => Math.abs(clock() - at) < promisedFor);
    const promised = promises.reduce((sum, { bytes }) => sum + bytes, 0);
    const receiving = pull
      .receiving()
      // Of a pack nobody knows how much is wanted.
      .filter(({ name }) => !name.startsWith('packs/'))
      .reduce((sum, { received, size }) => sum + Math.max(0, size - received), 0);
    return Math.max(promised, receiving);
  };
  const promise = (bytes: number, forStick: boolean) => {
    promises.push({ at: clock(), bytes, forStick });
    if (counted !== undefined) counted.promised += bytes;
  };

  const look = async (signal: AbortSignal | undefined): Promise<Holdings & AskedEviction> => {
    const found = await readHoldings(layout, { packsOf, signal });
    const holdings = { ...found, otherBytes: found.otherBytes + (bytesBeside?.() ?? 0) };
    uses.learn(holdings);
    const { budget, reserve, follow } = settings();
    const reasons = {
      pins: readPins(layout),
      follow,
      inUse: new Set(pull.inUse()),
      receiving: new Set(pull.receiving().map(({ name }) => name)),
      kept: keptForStick(layout),
      lastUse: uses.lastUse,
      now: clock(),
    };
    const room = { treeBytes: trees?.bytes() ?? 0, budget, free: free(), reserve };
    return { ...holdings, ...evictionQuestion(holdings, reasons, room) };
  };

  const noRoom = (bytes: number, plan: EvictionPlan): SatchelError => {
    const { budget, reserve } = settings();
    const left = Math.max(0, bytes - plan.missing);
    const parameters = { bytes: formatBytes(bytes), used: formatBytes(plan.before), left };
    return plan.why === 'reserve'
      ? new SatchelError('site-disk-reserved', {
          ...parameters,
          free: formatBytes(free()),
          reserve: formatBytes(reserve),
        })
      : new SatchelError('site-budget-full', { ...parameters, budget: formatBytes(budget) });
  };

  return {
    ensureRoom: (bytes, { signal, forStick = false } = {}) =>
      inTurn(async () => {
        throwIfCancelled(signal);
        if (forStick) promises = promises.filter((given) => !given.forStick);
        const { budget, reserve } = settings();
        const isRecent = counted !== undefined && Math.abs(clock() - counted.at) < countedFor;
        if (counted !== undefined && isRecent) {
          const fits = counted.bytes + counted.promised + bytes <= budget;
          if (fits && free() - awaited() - bytes >= reserve) {
            promise(bytes, forStick);
            return;
          }
        }
        const seen = await look(signal);
        const before = awaited();
        const incoming = bytes + before;
        const plan = planEviction({ ...seen.question, incoming });
        if (plan.missing > 0) throw noRoom(bytes, plan);
        const treeless = await evictTrees(options, plan, { ...seen, incoming });
        if (treeless.plan.missing > 0) throw noRoom(bytes, treeless.plan);
        const { usedBytes } = await carryOut(options, treeless, seen);
        counted = { at: clock(), bytes: usedBytes, promised: before };
        promise(bytes, forStick);
      }),
    collect: ({ signal } = {}) =>
      inTurn(async () => {
        const first = await look(signal);
        const inUse = new Set(pull.inUse());
        const overdue = overdueFiles(layout, first.unneeded, clock()).filter((name) => !inUse.has(name));
        const fileBytes = await removeFiles(options, overdue, first);
        if (overdue.length > 0)
          appendSiteLog(layout, {
            at: new Date(clock()).toISOString(),
            event: 'unneeded-removed',
            why: 'unneeded',
            files: overdue,
            bytes: fileBytes,
          });
        const seen = overdue.length > 0 ? await look(signal) : first;
        const incoming = awaited();
        const plan = planEviction({ ...seen.question, incoming });
        const treeless = await evictTrees(options, plan, { ...seen, incoming });
        const evicted = await carryOut(options, treeless, seen);
        counted = { at: clock(), bytes: evicted.usedBytes, promised: 0 };
        const files = evicted.files + overdue.length;
        return { ...evicted, files, fileBytes: evicted.fileBytes + fileBytes };
      }),
    missingFor: (bytes, { signal } = {}) =>
      inTurn(async () => {
        const { question } = await look(signal);
        return planEviction({ ...question, incoming: bytes + awaited() }).missing;
      }),
    usage: ({ signal } = {}) =>
      inTurn(async () => {
        const { question } = await look(signal);
        const { before } = planEviction({ ...question, incoming: 0 });
        const { treeBytes, budget, free: left, reserve } = question;
        return { usedBytes: before, treeBytes, budget, free: left, reserve };
      }),
  };
}
