import { displayOf } from '../base/byte-string.ts';
import type { BuildName, StreamName } from '../base/identifiers.ts';
import { expectedSeconds, type LinkRate } from '../plan/link.ts';
import { byPrice, type Refusal, refusal, type Way, type WayKind } from '../plan/ways.ts';
import { chooseWay } from './choose-way.ts';
import type { DataMonth } from './data-month.ts';
import { readLink } from './link-file.ts';
import type { Prepared } from './prepare.ts';
import { prepareUpdate } from './prepare.ts';
import { situationOf } from './situation.ts';
import { startSpending } from './spending.ts';
import { type Advised, advisedOn, stayingOn } from './staying.ts';
import type { UpdateOptions } from './update-options.ts';
import { findWanted } from './wanted.ts';

/** One way with its price, and what it means on this device. */
export type PricedWay = Way & {
  /** Seconds until everything is received, at the measured rate; null: nothing has been measured. */
  readonly seconds: number | null;
  /** Why it cannot be taken; null: it can. */
  readonly refusal: Refusal | null;
};

/** An update that has been priced and not carried out. */
export type UpdatePlan = Advised & {
  readonly build: BuildName;
  readonly from: BuildName | null;
  readonly stream?: StreamName | undefined;
  /** The way that `update` would take. */
  readonly plan: WayKind;
  /** The build between, for the plan `chain`. */
  readonly via?: BuildName | undefined;
  /** The cheapest first. */
  readonly ways: readonly PricedWay[];
  /** What the link to the source was like; null before content has come over it. */
  readonly link: LinkRate | null;
  /** What may still be received this month; null when the source costs nothing. */
  readonly month: DataMonth | null;
  readonly bytesReceived: number;
  readonly requests: number;
  /** Files linked from the old version. */
  readonly links: number;
  /** Objects copied from the old version, and their bytes. */
  readonly copies: number;
  readonly copyBytes: number;
  /** Objects to fetch. */
  readonly fetched: number;
  /** Files that differ from the old version only in owner, mode or time: copied because they cannot share an inode. */
  readonly metadataOnlyFiles: number;
  readonly metadataOnlyBytes: number;
  readonly freeBytes: number;
  /** Paths of the old version that are not as they were published. */
  readonly damaged: readonly string[];
};

const nothing = {
  ways: [],
  links: 0,
  copies: 0,
  copyBytes: 0,
  fetched: 0,
  metadataOnlyFiles: 0,
  metadataOnlyBytes: 0,
  freeBytes: 0,
  damaged: [],
};

/** Prices an update. Throws as `update` does when the budget allows no way. */
export async function planUpdate(options: UpdateOptions): Promise<UpdatePlan> {
  const { session, choice, maximumBytes, signal } = options;
  const wanted = await findWanted({ ...session, signal }, choice);
  const link = readLink(session.layout, session.store.location);
  const asked = () => ({ link: link ?? null, month: session.month() ?? null, ...session.counters() });
  const staying = stayingOn(session.layout, wanted);
  if (staying !== undefined) return { ...nothing, ...staying, from: staying.build, plan: 'none', ...asked() };
  const { name } = wanted.build;
  const { current, isCurrent, isInstalled } = situationOf(session.layout, wanted);
  const finish = (plan: WayKind, what: Described = nothing): UpdatePlan => ({
    ...{ build: name, from: current ?? null, stream: wanted.stream, plan },
    ...advisedOn(wanted),
    ...what,
    ...asked(),
  });
  if (isCurrent) return finish('none');
  if (isInstalled) return finish('switch');
  const spending = startSpending(session, { build: name, maximumBytes });
  const prepared = await prepareUpdate({
    ...{ ...options, ...session },
    ...{ wanted, spending, useless: new Set(), base: current },
  });
  const way = chooseWay(prepared, name);
  return finish(way.kind, describe(prepared, way, link));
}

type Described = Omit<
  UpdatePlan,
  'build' | 'from' | 'stream' | 'plan' | 'link' | 'month' | 'bytesReceived' | 'requests'
>;

function describe(prepared: Prepared, way: Way, link: LinkRate | undefined): Described {
  const { ways, dearer, budget, base, between } = prepared;
  // By way of another build most of what is linked comes from the tree between.
  const stage = way.kind === 'chain' && between !== undefined ? between.next : prepared.stage;
  const objects = [...stage.objects.values()];
  const copies = objects.filter(({ source }) => source !== undefined);
  const sum = (sizes: Iterable<number>) => [...sizes].reduce((total, size) => total + size, 0);
  return {
    ...(way.via === undefined ? {} : { via: way.via }),
    ways: [...ways, ...dearer].sort(byPrice).map((one) => ({
      ...one,
      seconds: expectedSeconds(one, link) ?? null,
      refusal: refusal(one, budget) ?? null,
    })),
    links: stage.links.length,
    copies: copies.length,
    copyBytes: sum(copies.map(({ size }) => size)),
    fetched: objects.length - copies.length,
    metadataOnlyFiles: stage.metadataOnly.files,
    metadataOnlyBytes: stage.metadataOnly.bytes,
    freeBytes: budget.freeBytes,
    damaged: base === undefined ? [] : prepared.stage.damaged.map(displayOf),
  };
}
