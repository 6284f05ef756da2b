import { rmSync } from 'node:fs';
import { throwIfCancelled } from '../base/cancel.ts';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { createQueue } from '../base/queue.ts';
import { formatBytes } from '../base/units.ts';
import { freeSpace } from '../os/disk.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { createPacksOf, type HeldFile, type Holdings, readHoldings } from './evict-holdings.ts';
import { type EvictionPlan, planEviction } from './evict-plan.ts';
import { type AskedEviction, evictionQuestion } from './evict-question.ts';
import { overdueFiles } from './evict-unneeded.ts';
import type { BuildUses } from './evict-use.ts';
import type { SiteLayout } from './layout.ts';
import { readPins } from './pin.ts';
import type { PullThrough } from './pull-types.ts';
import type { SiteSettings } from './settings.ts';
import { appendSiteLog } from './site-log.ts';

/** The trees for rsync clients, as far as room goes. */
export type SiteTrees = {
  /** Bytes of disk that they take. */
  bytes(): number;
  /** Takes the least recently used away until they take no more than this; those in use stay. */
  shrinkTo(bytes: number): Promise<void>;
};

export type EvictorOptions = {
  readonly layout: SiteLayout;
  /** Asked anew each time, so that a change needs no restart. */
  readonly settings: () => Pick<SiteSettings, 'budget' | 'reserve' | 'follow'>;
  readonly pull: Pick<PullThrough, 'inUse' | 'receiving' | 'discard'>;
  readonly uses: BuildUses;
  /** Absent where no rsync clients are served. */
  readonly trees?: SiteTrees | undefined;
  readonly clock: Clock;
};

/** What was removed. */
export type Evicted = {
  /** Builds, with the bytes of disk that their going freed. */
  readonly builds: readonly { readonly build: BuildName; readonly bytes: number }[];
  /** Files that no build needs, and their bytes. */
  readonly files: number;
  readonly fileBytes: number;
  /** Bytes of trees for rsync clients. */
  readonly treeBytes: number;
  /** What everything takes now. */
  readonly usedBytes: number;
  /** Bytes that are still too many: what is left has to stay. */
  readonly missing: number;
};

/** What a site takes on its disk, and what it may take. */
export type SiteUsage = {
  readonly usedBytes: number;
  readonly treeBytes: number;
  readonly budget: number;
  readonly free: number;
  readonly reserve: number;
};

/**
 * Keeps the disk of a site within its budget and its reserve. Whatever it does is done one after the other; each
 * removal has a line in the log of the site.
 */
export type Evictor = {
  /**
   * To be called before bytes are written; makes room for them if need be. Throws `site-budget-full` or
   * `site-disk-reserved` when nothing more may go: then nothing was removed in vain for them.
   */
  ensureRoom(bytes: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
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
  const { layout, settings, pull, uses, trees, clock } = options;
  const inTurn = createQueue();
  const packsOf = createPacksOf(layout);
  /** What everything took when it was counted. */
  let counted: { readonly at: number; readonly bytes: number; promised: number } | undefined;
  /** Room that was promised a moment ago: what it is for may not have begun to come. */
  let promises: { readonly at: number; readonly bytes: number }[] = [];

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
  const promise = (bytes: number) => {
    promises.push({ at: clock(), bytes });
    if (counted !== undefined) counted.promised += bytes;
  };

  const look = async (signal: AbortSignal | undefined): Promise<Holdings & AskedEviction> => {
    const holdings = await readHoldings(layout, { packsOf, signal });
    uses.learn(holdings);
    const { budget, reserve, follow } = settings();
    const reasons = {
      pins: readPins(layout),
      follow,
      inUse: new Set(pull.inUse()),
      receiving: new Set(pull.receiving().map(({ name }) => name)),
      lastUse: uses.lastUse,
      now: clock(),
    };
    const room = { treeBytes: trees?.bytes() ?? 0, budget, free: free(), reserve };
    return { ...holdings, ...evictionQuestion(holdings, reasons, room) };
  };

  const remove = async ({ name, whole, isInParts }: HeldFile): Promise<boolean> => {
    if (isInParts && !(await pull.discard(name))) return false;
    if (whole !== undefined) withSystemErrors('unlink', whole, () => rmSync(whole, { force: true }));
    return true;
  };

  const removeAll = async (names: readonly string[], { files }: Holdings): Promise<number> => {
    let bytes = 0;
    for (const name of names) {
      const file = files.get(name);
      if (file !== undefined && (await remove(file))) bytes += file.bytes;
    }
    return bytes;
  };

  /** Carries a plan out; every removal is in the log before the next begins. */
  const carryOut = async (plan: EvictionPlan, seen: Holdings & AskedEviction): Promise<Evicted> => {
    const { pieceNames, question } = seen;
    const log = (event: string, fields: object) =>
      appendSiteLog(layout, { at: new Date(clock()).toISOString(), event, why: plan.why, ...fields });
    const treesBefore = trees?.bytes() ?? 0;
    if (plan.trees > 0) await trees?.shrinkTo(Math.max(0, treesBefore - plan.trees));
    const treeBytes = treesBefore - (trees?.bytes() ?? 0);
    if (treeBytes > 0) log('trees-evicted', { bytes: treeBytes });
    const builds: { build: BuildName; bytes: number }[] = [];
    let [files, fileBytes] = [0, 0];
    for (const { unit, pieces } of plan.victims) {
      const { name, usedAt } = question.units[unit]!;
      const names = pieces.map((piece) => pieceNames[piece]!);
      const bytes = await removeAll(names, seen);
      const lastUsed = new Date(usedAt).toISOString();
      if (name === undefined) {
        log('file-evicted', { file: names[0], bytes, lastUsed });
        files += 1;
        fileBytes += bytes;
      } else {
        log('build-evicted', { build: name, bytes, files: names.length, lastUsed });
        builds.push({ build: name as BuildName, bytes });
      }
    }
    const freed = builds.reduce((sum, { bytes }) => sum + bytes, treeBytes + fileBytes);
    counted = { at: clock(), bytes: plan.before - freed, promised: 0 };
    return { builds, files, fileBytes, treeBytes, usedBytes: plan.before - freed, missing: plan.missing };
  };

  const noRoom = (bytes: number, plan: EvictionPlan): SatchelError => {
    const { budget, reserve } = settings();
    const parameters = { bytes: formatBytes(bytes), used: formatBytes(plan.before) };
    return plan.why === 'reserve'
      ? new SatchelError('site-disk-reserved', {
          ...parameters,
          free: formatBytes(free()),
          reserve: formatBytes(reserve),
        })
      : new SatchelError('site-budget-full', { ...parameters, budget: formatBytes(budget) });
  };

  return {
    ensureRoom: (bytes, { signal } = {}) =>
      inTurn(async () => {
        throwIfCancelled(signal);
        const { budget, reserve } = settings();
        const isRecent = counted !== undefined && Math.abs(clock() - counted.at) < countedFor;
        if (counted !== undefined && isRecent) {
          const fits = counted.bytes + counted.promised + bytes <= budget;
          if (fits && free() - awaited() - bytes >= reserve) {
            promise(bytes);
            return;
          }
        }
        const seen = await look(signal);
        const before = awaited();
        const plan = planEviction({ ...seen.question, incoming: bytes + before });
        if (plan.missing > 0) throw noRoom(bytes, plan);
        const { usedBytes } = await carryOut(plan, seen);
        counted = { at: clock(), bytes: usedBytes, promised: before };
        promise(bytes);
      }),
    collect: ({ signal } = {}) =>
      inTurn(async () => {
        const first = await look(signal);
        const inUse = new Set(pull.inUse());
        const overdue = overdueFiles(layout, first.unneeded, clock()).filter((name) => !inUse.has(name));
        const fileBytes = await removeAll(overdue, first);
        if (overdue.length > 0)
          appendSiteLog(layout, {
            at: new Date(clock()).toISOString(),
            event: 'unneeded-removed',
            why: 'unneeded',
            files: overdue,
            bytes: fileBytes,
          });
        const seen = overdue.length > 0 ? await look(signal) : first;
        const plan = planEviction({ ...seen.question, incoming: awaited() });
        const evicted = await carryOut(plan, seen);
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
