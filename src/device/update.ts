import { displayOf } from '../base/byte-string.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName, StreamName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { formatBytes } from '../base/units.ts';
import { objectOrdinals } from '../build/objects.ts';
import { cheapestWay, diskReserve, refusal, type Way, type WayKind } from '../plan/ways.ts';
import { olpcBootPointer, runningVersion } from './boot-olpc.ts';
import { createDelivery } from './deliver.ts';
import { discardStage, freshStage, installStage, stageContents } from './install.ts';
import { readInstalled } from './installed.ts';
import { readJournal, writeJournal } from './journal.ts';
import { pristineTree } from './layout.ts';
import { fetchContents } from './lists.ts';
import { lockDevice } from './lock.ts';
import { carriedOwed } from './owed.ts';
import { type Prepared, prepareUpdate } from './prepare.ts';
import { discardVersion, purgeVersions, reclaimAlternate } from './purge.ts';
import type { DeviceSession } from './session.ts';
import { type Situation, situationOf } from './situation.ts';
import { type StageResult, stageTree } from './stage.ts';
import { openStagePool, type StagePool } from './stage-pool.ts';
import { collectTrash } from './trash.ts';
import { verifyTree } from './verify.ts';
import { type Choice, findWanted, type Wanted } from './wanted.ts';

export type UpdateOptions = {
  readonly session: DeviceSession;
  readonly choice: Choice;
  readonly clock: Clock;
  /** Most bytes to read from the source for the content. */
  readonly maximumBytes?: number | undefined;
  /** Upper limit in bytes a second. */
  readonly bytesPerSecond?: number | undefined;
  /** Read the whole new tree once more before the switch. */
  readonly verifyFully?: boolean | undefined;
  /** Remove the version that one could go back to first, to make room. */
  readonly reclaim?: boolean | undefined;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** What an update did; the field names are relied on by scripts. */
export type UpdateResult = {
  readonly build: BuildName;
  readonly from: BuildName | null;
  readonly plan: WayKind;
  /** Every byte read from sockets, headers included. */
  readonly bytesReceived: number;
  readonly requests: number;
  readonly seconds: number;
  readonly rebootNeeded: boolean;
  readonly stream?: StreamName | undefined;
  /** Paths of the old version that were not as they were published. */
  readonly damaged?: readonly string[];
};

/** Brings the device to the wanted build: check, plan, fetch, stage, verify, switch. */
export async function update(options: UpdateOptions): Promise<UpdateResult> {
  const { session, choice, signal } = options;
  const started = performance.now();
  options.reporter.progress({ step: 'check', done: 0, unit: 'entries' });
  const wanted = await findWanted({ ...session, signal }, choice);
  const situation = situationOf(session.layout, wanted);
  const finish = (plan: WayKind, damaged: readonly string[] = []): UpdateResult => ({
    build: wanted.build.name,
    from: situation.current ?? null,
    plan,
    ...session.counters(),
    seconds: (performance.now() - started) / 1000,
    rebootNeeded: isRebootNeeded(session, wanted.build.name),
    stream: wanted.stream,
    ...(damaged.length > 0 ? { damaged } : {}),
  });
  if (situation.isCurrent) return finish('none');

  using _lock = lockDevice(session.layout);
  try {
    const { plan, damaged } = await change(options, situation);
    const result = finish(plan, damaged);
    recordEnd(options, result, 'done');
    collectTrash(session.layout);
    return result;
  } catch (error) {
    if (error instanceof SatchelError) {
      const how = error.code === 'cancelled' ? 'cancelled' : 'failed';
      recordEnd(options, finish('none'), how, error.code);
    }
    throw error;
  }
}

function isRebootNeeded({ layout }: DeviceSession, build: BuildName): boolean {
  const current = olpcBootPointer(layout).read().current;
  return current === build && runningVersion(layout) !== build;
}

type Changed = { readonly plan: WayKind; readonly damaged: readonly string[] };

async function change(options: UpdateOptions, situation: Situation): Promise<Changed> {
  const { layout } = options.session;
  const { wanted, current, running } = situation;
  const { name, index } = wanted.build;
  if (situation.isInstalled) {
    await switchTo(options, situation);
    return { plan: 'switch', damaged: [] };
  }
  // The tree that a running system lives in is never replaced, whatever a repository says of its name.
  if (name === current || name === running) throw new SatchelError('build-name-reused', { name });
  if (options.reclaim) reclaimAlternate(layout, options.reporter);
  if (options.verifyFully && current !== undefined) await readBase(options, current);
  await using pool = openStagePool();
  const prepared = await prepareUpdate({ ...options, ...options.session, wanted, base: current });
  const way = chooseWay(prepared, name);
  writeJournal(layout, {
    ...readJournal(layout),
    pending: { build: name, index: index.sha256, since: new Date(options.clock()).toISOString() },
  });
  const staged = await fetchAndStage(options, wanted, prepared, pool);
  if (options.verifyFully) await requireWhole(options, name);
  await switchTo(options, situation);
  options.session.spool.clear();
  return { plan: way.kind, damaged: staged.damaged.map(displayOf) };
}

/** The cheapest way that the budget allows. Throws `plan-over-budget`, `plan-no-space`, `plan-no-inodes`. */
export function chooseWay({ ways, budget }: Prepared, build: BuildName): Way {
  const way = cheapestWay(ways, budget);
  if (way !== undefined) return way;
  const cheapest = ways.toSorted((a, b) => a.bytes - b.bytes)[0];
  if (cheapest === undefined) throw new Error('there is always a way to price');
  switch (refusal(cheapest, budget)) {
    case 'max-bytes':
      throw new SatchelError('plan-over-budget', {
        build,
        bytes: formatBytes(cheapest.bytes),
        limit: formatBytes(budget.maximumBytes ?? 0),
      });
    case 'inodes':
      throw new SatchelError('plan-no-inodes', { build, inodes: cheapest.inodes, free: budget.freeInodes });
    default:
      throw new SatchelError('plan-no-space', {
        build,
        disk: formatBytes(cheapest.disk),
        reserve: formatBytes(diskReserve),
        free: formatBytes(budget.freeBytes),
      });
  }
}

async function fetchAndStage(
  options: UpdateOptions,
  wanted: Wanted,
  prepared: Prepared,
  pool: StagePool,
): Promise<StageResult> {
  const { session, reporter, signal } = options;
  const { layout, spool, store } = session;
  const { name } = wanted.build;
  const { entries, objects, map } = prepared.lists;
  const stage = freshStage(layout, name);
  const base = prepared.base === undefined ? '' : pristineTree(layout, prepared.base);
  const deliver = createDelivery({
    store,
    spool,
    map,
    ordinals: objectOrdinals(objects),
    bytesPerSecond: options.bytesPerSecond,
    maximumBytes: prepared.budget.maximumBytes,
    build: name,
    reporter,
  });
  const { staged, contents } = await bothOrNeither(signal, {
    contents: async () =>
      stageContents(layout, name, await fetchContents({ ...options, ...session, wanted }, entries)),
    stage: (both) =>
      stageTree({
        plan: prepared.stage,
        index: entries,
        pool,
        trees: { stage, base },
        deliver,
        reporter,
        signal: both,
      }),
  }).catch(async (error: unknown) => {
    await pool[Symbol.asyncDispose]();
    // What was received is kept in the spool; a half-made tree would only take up room.
    discardStage(layout, name);
    collectTrash(layout);
    throw error;
  });
  throwIfCancelled(signal);
  if (staged.damaged.length > 0 && prepared.base !== undefined)
    reporter.notice('base-damaged', {
      count: staged.damaged.length,
      build: prepared.base,
      paths: staged.damaged.slice(0, 5).map(displayOf).join(', '),
    });
  // Whatever is owed to a shared inode is owed to both versions.
  const owed =
    prepared.base === undefined
      ? staged.owed
      : [...staged.owed, ...carriedOwed(layout, prepared.base, entries, prepared.stage.links)];
  if (owed.length > 0)
    reporter.notice('ownership-owed', {
      count: new Set(owed.map(({ path }) => path)).size,
      build: name,
    });
  reporter.progress({ step: 'verify', done: 0, unit: 'entries' });
  await installStage({
    layout,
    build: wanted.build,
    entries,
    stage,
    contents,
    owed,
    clock: options.clock,
  });
  return staged;
}

/** Stages while the manifest comes; without one to install in the end, staging stops, and has stopped afterwards. */
async function bothOrNeither(
  signal: AbortSignal | undefined,
  work: {
    readonly contents: () => Promise<string>;
    readonly stage: (signal: AbortSignal) => Promise<StageResult>;
  },
): Promise<{ readonly staged: StageResult; readonly contents: string }> {
  const stop = new AbortController();
  const staging = work.stage(signal ? AbortSignal.any([signal, stop.signal]) : stop.signal);
  const making = work.contents();
  making.catch((error: unknown) => stop.abort(error));
  const [staged, contents] = await Promise.allSettled([staging, making]);
  if (contents.status === 'rejected') throw contents.reason;
  if (staged.status === 'rejected') throw staged.reason;
  return { staged: staged.value, contents: contents.value };
}

/**
 * Reads every file of the old version, so that what changed without a trace is known before anything is linked:
 * the ledger forgets what is damaged, and the comparison that follows then finds it.
 */
async function readBase({ session, reporter, signal }: UpdateOptions, name: BuildName): Promise<void> {
  if (readInstalled(session.layout, name) === undefined) return;
  await verifyTree({ layout: session.layout, name, full: true, reporter, signal });
}

/** Reads every file of the new version; one that the disk did not keep stops the switch. */
async function requireWhole({ session, reporter, signal }: UpdateOptions, name: BuildName): Promise<void> {
  const { damaged } = await verifyTree({ layout: session.layout, name, full: true, reporter, signal });
  const first = damaged[0];
  if (first === undefined) return;
  discardVersion(session.layout, name);
  throw new SatchelError('staged-tree-damaged', {
    build: name,
    count: damaged.length,
    path: displayOf(first.path),
  });
}

/** Points the device at the new version and lets go of what is neither it nor the way back. */
async function switchTo({ session, reporter }: UpdateOptions, situation: Situation): Promise<void> {
  const { layout } = session;
  const { wanted, current, running } = situation;
  reporter.progress({ step: 'switch', done: 0, unit: 'entries' });
  // What has proved that it runs is the better way back than what has never been booted.
  const before = running === wanted.build.name ? current : (running ?? current);
  olpcBootPointer(layout).switchTo(wanted.build.name, before);
  purgeVersions(layout);
}

function recordEnd(
  { session, clock }: UpdateOptions,
  { build, from, bytesReceived, requests, seconds }: UpdateResult,
  result: 'done' | 'failed' | 'cancelled',
  code?: string,
): void {
  const { pending } = readJournal(session.layout);
  writeJournal(session.layout, {
    ...(result === 'done' || pending === undefined ? {} : { pending }),
    last: {
      build,
      ...(from === null ? {} : { from }),
      result,
      ...(code === undefined ? {} : { code }),
      at: new Date(clock()).toISOString(),
      bytesReceived,
      requests,
      seconds,
    },
  });
}
