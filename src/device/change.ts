import { type ByteString, displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName, Sha256 } from '../base/identifiers.ts';
import { cheapestWay, type Way, type WayKind } from '../plan/ways.ts';
import { adoptTree } from './adopt.ts';
import { type BootStageOrder, dropBootStage, readBootStageOrder } from './boot-stage-order.ts';
import { chooseWay } from './choose-way.ts';
import { discardStage } from './install.ts';
import { readInstalled } from './installed.ts';
import { readJournal, writeJournal } from './journal.ts';
import { rememberLink } from './link-file.ts';
import { planBeside } from './plan-beside.ts';
import { type Prepared, prepareUpdate } from './prepare.ts';
import { discardVersion, reclaimAlternate } from './purge.ts';
import { repairVersion } from './repair-version.ts';
import { sealNew } from './seal-new.ts';
import type { Situation } from './situation.ts';
import { startSpending } from './spending.ts';
import { stageBetween } from './stage-between.ts';
import { stageBuild } from './stage-build.ts';
import { openStagePool } from './stage-pool.ts';
import { switchVersion } from './switch-version.ts';
import type { UpdateOptions } from './update-options.ts';
import { verifyTree } from './verify.ts';
import type { Wanted } from './wanted.ts';

/** How a device was changed, and which paths of the old version were found damaged. */
export type Changed = {
  readonly plan: WayKind;
  /** The build between, for a chain. */
  readonly via?: BuildName | undefined;
  readonly damaged: readonly string[];
  /** True when the build is on the device and was not switched to. */
  readonly waiting?: boolean;
  /** True when it is received, and the next boot stages it in place of the version that runs. */
  readonly inPlace?: boolean;
};

/**
 * Makes the wanted build the one that boots next: stages it unless it is there, then switches. One that is there is
 * looked at first, and what is damaged in it is fetched anew.
 */
export async function change(options: UpdateOptions, situation: Situation): Promise<Changed> {
  const { layout } = options.session;
  const { wanted, current, running } = situation;
  const { name } = wanted.build;
  if (situation.isInstalled) {
    if (!situation.isCurrent && !(await maySwitch(options)))
      return { plan: 'none', damaged: [], waiting: true };
    const damaged = await heal(options, name);
    if (situation.isCurrent) return { plan: 'none', damaged };
    await seal(options, name);
    await switchTo(options, situation);
    return { plan: 'switch', damaged };
  }
  // The tree that a running system lives in is never replaced, whatever a repository says of its name.
  if (name === current || name === running) {
    const damaged = await adoptTree(options, situation);
    if (name === current) return { plan: 'none', damaged };
    await seal(options, name);
    await switchTo(options, situation);
    return { plan: 'switch', damaged };
  }
  if (options.inPlace === undefined && isOrdered(situation, readBootStageOrder(layout)))
    return { plan: 'none', damaged: [], inPlace: true };
  if (options.reclaim) reclaimAlternate(layout, options.reporter);
  if (options.verifyFully && current !== undefined) await readBase(options, current);
  const { way, damaged, inPlace } = await stageCheapest(options, situation).finally(() =>
    measureLink(options),
  );
  if (inPlace) return { plan: way.kind, damaged: [], inPlace };
  if (options.verifyFully) await requireWhole(options, name);
  await seal(options, name);
  const changed = { plan: way.kind, via: way.via, damaged: damaged.map(displayOf) };
  const waiting = !(await maySwitch(options));
  if (!waiting) await switchTo(options, situation);
  // What was received is worth something until the pointer is on the disk.
  options.session.spool.clear();
  return waiting ? { ...changed, waiting } : changed;
}

/** True when the next boot stages the wanted build in place of what boots now. */
function isOrdered({ wanted, current }: Situation, order: BootStageOrder | undefined): boolean {
  return order?.from === current && order?.toIndex === wanted.build.index.sha256;
}

async function maySwitch({ maySwitch: ask }: UpdateOptions): Promise<boolean> {
  return ask === undefined || (await ask());
}

/** What was staged: in which way, and what was found damaged in the old version. */
type Staged = {
  readonly way: Way;
  readonly damaged: readonly ByteString[];
  /** True when the next boot stages it, in place of the version that runs. */
  readonly inPlace?: boolean;
};

/** Stages the build in the cheapest way; when a chain of deltas breaks, in the next one within the budget. */
async function stageCheapest(options: UpdateOptions, { wanted, current }: Situation): Promise<Staged> {
  const { session, maximumBytes } = options;
  const { name } = wanted.build;
  const spending = startSpending(session, { build: name, maximumBytes });
  const useless = new Set<Sha256>();
  await using pool = openStagePool();
  for (;;) {
    const prepared = await prepareUpdate({
      ...{ ...options, ...session },
      ...{ wanted, spending, useless, base: current },
    });
    const { between } = prepared;
    const isInPlace =
      options.inPlace !== undefined && cheapestWay(prepared.ways, prepared.budget) === undefined;
    if (isInPlace && between !== undefined && useless.size === 0) {
      // Nothing can be made between without room; the delta that leads straight to the build may be dearer.
      useless.add(between.delta.reference.stored);
      continue;
    }
    const way = isInPlace ? undefined : chooseWay(prepared, name);
    notePending(options, wanted);
    if (way === undefined) return order(options, wanted, prepared);
    // What was ordered before is overtaken by what comes now.
    dropBootStage(session.layout);
    if (way.kind !== 'chain' || between === undefined) {
      const { damaged } = await stageBuild({ ...options, wanted, prepared, way, pool });
      return { way, damaged };
    }
    const base = await stageBetween({ ...options, wanted }, prepared, between);
    if (base === undefined) {
      useless.add(between.delta.reference.stored);
      continue;
    }
    try {
      const stage = planBeside(prepared.index, base);
      await stageBuild({ ...options, wanted, prepared: { ...prepared, base, stage }, way, pool });
      return { way, damaged: between.stage.damaged };
    } finally {
      discardStage(session.layout, base.name);
    }
  }
}

/** Remembers what is under way, so that what is received for it is kept. */
function notePending({ session: { layout }, clock }: UpdateOptions, { build }: Wanted): void {
  const { name, index } = build;
  const since = new Date(clock()).toISOString();
  writeJournal(layout, { ...readJournal(layout), pending: { build: name, index: index.sha256, since } });
}

/** Leaves a build that has no room beside the version that runs to the next boot. */
async function order(options: UpdateOptions, wanted: Wanted, prepared: Prepared): Promise<Staged> {
  const { inPlace: makeKit } = options;
  if (makeKit === undefined) throw new Error('nobody has asked for it');
  // Few updates need it.
  const { orderInPlace } = await import('./boot-stage-prepare.ts');
  const way = await orderInPlace({ ...options, wanted, prepared, makeKit });
  return { way, damaged: [], inPlace: true };
}

/** Remembers what the link was like. A transfer that was held back tells nothing of it. */
function measureLink({ session, bytesPerSecond }: UpdateOptions): void {
  if (bytesPerSecond !== undefined) return;
  rememberLink(session.layout, session.store.location, session.meter.measured());
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

/** Makes an installed version whole again; the paths that were damaged. */
async function heal(options: UpdateOptions, name: BuildName): Promise<readonly string[]> {
  const { session, verifyFully = false, reporter, signal } = options;
  const { damaged } = await verifyTree({ layout: session.layout, name, full: verifyFully, reporter, signal });
  if (damaged.length === 0) return [];
  const repaired = await repairVersion({ ...options, name });
  return repaired.damaged.map(({ path }) => path);
}

function seal({ session, clock, reporter, signal }: UpdateOptions, name: BuildName): Promise<void> {
  return sealNew({ layout: session.layout, name, clock, reporter, signal });
}

/** Points the device at the new version and lets go of what is neither it nor the way back. */
async function switchTo(
  { session, clock, reporter, signal }: UpdateOptions,
  { wanted }: Situation,
): Promise<void> {
  reporter.progress({ step: 'switch', done: 0, unit: 'entries' });
  await switchVersion(session.layout, wanted.build.name, { clock, reporter, signal });
}
