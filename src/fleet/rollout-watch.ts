import { withHalt } from '../advice/halt.ts';
import { judge, type RolloutFigures, type SilenceRule, type Verdict } from '../advice/rollout-health.ts';
import { holidayTest } from '../advice/rollout-holidays.ts';
import { isSignatureBehind } from '../advice/rollout-milestones.ts';
import { refreshRollout } from '../advice/rollout-plan.ts';
import { changeStream } from '../advice/stream-change.ts';
import { languageFromEnvironment, say } from '../base/catalogue.ts';
import { isSatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import type { StreamName } from '../base/identifiers.ts';
import { type Catalog, openCatalog } from '../repository/catalog.ts';
import type { ChangeContext } from '../repository/change-list.ts';
import { followWithLite } from '../repository/lite-refresh.ts';
import { longestReason, type StreamRecord, withRules } from '../repository/records.ts';
import type { Rollout } from '../repository/rollout-record.ts';
import { renewTimestamp } from '../trust/publisher.ts';
import type { FleetRollouts, KeptRollout } from './rollout-types.ts';

/** Seconds of silence that count where a rollout has no rule of its own: three days. */
const usualSilence = 3 * 86_400;

const nothing: RolloutFigures = { tried: 0, took: 0, well: 0, failed: 0, left: 0, silent: 0, due: 0 };

/** Milliseconds that must lie between two signatures before rules are signed again only because the fleet changed. */
const restPause = 600_000;

/** How a rollout goes, and what was done about it. */
export type WatchedRollout = {
  readonly stream: StreamName;
  readonly build: string;
  readonly figures: RolloutFigures;
  /** Why the stream was halted just now. */
  readonly halted?: string;
  /** True when its signed rules were brought up to date with the fleet. */
  readonly renewed: boolean;
};

/** What looking after rollouts did. */
export type Watched = {
  readonly rollouts: readonly WatchedRollout[];
  /** True when the timestamp was signed again because a step has come. */
  readonly signed: boolean;
};

/** A rollout in figures, with what is judged by. */
export type Looked = {
  readonly kept: KeptRollout;
  readonly rule: SilenceRule;
  readonly figures: RolloutFigures;
};

/**
 * Looks after every stream that has a rollout: counts what devices told since the last time, halts the stream when the
 * share of failures or silence is above what its rules allow, brings the devices that wait or come first up to date,
 * and signs the timestamp again when a step has come. What goes wrong with one stream is a notice and keeps nobody from
 * the others. Where nobody has reported yet there is nothing to count. Throws what reading the repository throws.
 */
export async function watchRollouts(
  context: ChangeContext,
  rollouts: FleetRollouts | undefined,
): Promise<Watched> {
  const watched: WatchedRollout[] = [];
  const catalog = await openCatalog(context.store, context.signal);
  let isBehind = false;
  for (const stream of catalog.streamNames()) {
    try {
      const record = await catalog.stream(stream);
      if (record.rollout === undefined) continue;
      const { rollout, build } = record;
      const times = timesOf(catalog, context);
      isBehind ||= isSignatureBehind(rollout, times);
      watched.push(
        rollouts === undefined
          ? { stream, build: build.name, figures: nothing, renewed: false }
          : await watchStream(context, rollouts, { ...record, rollout, ...times }),
      );
    } catch (error) {
      if (!isSatchelError(error) || error.code === 'cancelled') throw error;
      context.reporter?.notice('rollout-watch-failed', { stream, reason: error.message });
    }
  }
  const signed = isBehind && (await signAgain(context, catalog));
  return { rollouts: watched, signed };
}

/** Counts a rollout's reports up to now; begins to count when it is a new one. */
export async function lookAt(
  rollouts: FleetRollouts,
  { stream, build, rollout }: Pick<StreamRecord, 'stream' | 'build'> & { readonly rollout: Rollout },
  { now, signal }: { readonly now: number; readonly signal?: AbortSignal | undefined },
): Promise<Looked & { readonly counted: number }> {
  let kept = await rollouts.find(stream);
  if (kept?.salt !== rollout.salt || kept.build !== build.name) {
    const begun = { stream, salt: rollout.salt, build: build.name };
    await rollouts.begin(begun, { began: Date.parse(rollout.began) });
    // Without a plan it was signed elsewhere, or the database is a new one: only the signed rules are known.
    kept = (await rollouts.find(stream)) ?? begun;
  }
  const counted = await rollouts.count(stream, signal);
  const rule = {
    now,
    silentAfter: rollout.automatic?.silentAfter ?? usualSilence,
    isHoliday: holidayTest(kept.plan?.free ?? { holidays: [], weekend: [] }),
  };
  return { kept, rule, counted, figures: await rollouts.figures(stream, rule) };
}

async function watchStream(
  context: ChangeContext,
  rollouts: FleetRollouts,
  record: StreamRecord & { readonly rollout: Rollout; readonly issued: number; readonly now: number },
): Promise<WatchedRollout> {
  const { stream, build, rollout, halted } = record;
  const looked = await lookAt(rollouts, record, { now: context.clock(), signal: context.signal });
  const { kept, rule } = looked;
  const isNews = await rollouts.noteHalt(stream, halted !== undefined, rule);
  const figures = isNews ? await rollouts.figures(stream, rule) : looked.figures;
  const seen = { stream, build: build.name, figures };
  const verdict = rollout.automatic && halted === undefined ? judge(figures, rollout.automatic) : undefined;
  if (verdict !== undefined) {
    const reason = reasonOf(verdict, build.name);
    if (!(await haltRollout(context, { stream, rollout, reason }))) return { ...seen, renewed: false };
    await rollouts.noteHalt(stream, true, rule);
    context.reporter?.notice('rollout-halted-by-itself', { stream, reason });
    return { ...seen, halted: reason, renewed: false };
  }
  // Every device fetches the record anew: what can wait goes along with the next signature.
  const mayRenew = Math.abs(record.now - record.issued) >= restPause;
  return { ...seen, renewed: mayRenew && (await renewRules(context, rollouts, record, kept)) };
}

/** Counting takes a while: what became of the stream meanwhile, another build or somebody's own halt, stays. */
async function haltRollout(
  context: ChangeContext,
  {
    stream,
    rollout,
    reason,
  }: { readonly stream: StreamName; readonly rollout: Rollout; readonly reason: string },
): Promise<boolean> {
  const { changed } = await changeStream(context, stream, (record) =>
    record.rollout?.salt === rollout.salt && record.halted === undefined
      ? withHalt(record, { reason, since: recordTime(context.clock()) })
      : record,
  );
  return changed;
}

/** Sites gain devices, and the first ones of a site prove well: the signed rules follow. */
async function renewRules(
  context: ChangeContext,
  rollouts: FleetRollouts,
  { stream, rollout }: StreamRecord & { readonly rollout: Rollout },
  { plan }: KeptRollout,
): Promise<boolean> {
  if (plan === undefined) return false;
  const named = [...(plan.early?.sites ?? []), ...(plan.only?.sites ?? [])];
  if (plan.reserve === undefined && named.length === 0) return false;
  const fleet = await rollouts.known(stream, context.clock());
  if (JSON.stringify(refreshRollout(rollout, plan, fleet)) === JSON.stringify(rollout)) return false;
  const { changed } = await changeStream(context, stream, (record) =>
    record.rollout?.salt === rollout.salt
      ? withRules(record, { rollout: refreshRollout(record.rollout, plan, fleet) })
      : record,
  );
  return changed;
}

/** Why a stream was halted, in the language of whoever runs the origin: it goes into the signed record as it is. */
function reasonOf({ why, count, of, share, limit }: Verdict, build: string): string {
  const parameters = { build, count, of, share: share / 100, limit: limit / 100 };
  return say(`rollout-halted-${why}`, parameters, languageFromEnvironment()).text.slice(0, longestReason);
}

function timesOf({ metadata }: Catalog, { clock }: ChangeContext): { issued: number; now: number } {
  return { issued: metadata.timestamp.signed.issued ?? 0, now: clock() };
}

/** Unless something else was published meanwhile: then it was signed already. */
async function signAgain(context: ChangeContext, before: Catalog): Promise<boolean> {
  const { metadata } = await openCatalog(context.store, context.signal);
  if (metadata.timestamp.signed.version !== before.metadata.timestamp.signed.version) return false;
  await renewTimestamp(context);
  await followWithLite(context);
  return true;
}
