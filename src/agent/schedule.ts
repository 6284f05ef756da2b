/**
 * When a device asks by itself (wiki.laptop.org/go/Theft_deterrence_protocol and olpc-update-query): once a day on the
 * average, and whenever half of the time between the last answer and the end of its lease is over, so that an outage of
 * the server shorter than half a lease does no harm. Pure: what time it is and what is random are given.
 */
import { elapsed, type Moment } from './moment.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** A device that has something to look after looks this often whether it is time, in milliseconds. */
export const tick = 5 * minute;

/** The pause after the first failure; each that follows doubles it, up to the longest. */
const firstPause = 5 * minute;
const longestPause = 6 * hour;

/** After an answer that brought no better lease than one which ends or has ended. */
const leastWait = hour;

/** So long before the end of a lease the longest pause is shorter. */
const lastDays = 2 * day;
const longestPauseThen = 30 * minute;

/** After a boot so long at most, so that a school that is switched on at eight does not ask at eight. */
const longestSpread = 15 * minute;

/** What was asked before. */
export type AskHistory = {
  /** When a server answered last. */
  readonly success?: Moment | undefined;
  /** When one was asked last, with or without success. */
  readonly attempt?: Moment | undefined;
  /** Attempts in a row that failed. */
  readonly failures: number;
  /** From 0 to below 1, drawn anew after each attempt: which moment of its time this device takes. */
  readonly draw: number;
};

export type ScheduleInput = AskHistory & {
  readonly now: Moment;
  /** When the lease ends, milliseconds since 1970; infinite for never, undefined without one. */
  readonly leaseEnds?: number | undefined;
};

/** Whether to ask now, and why; or for how many milliseconds not yet. */
export type Schedule =
  | { readonly ask: true; readonly because: 'first' | 'lease' | 'daily' | 'clock' }
  | { readonly ask: false; readonly because: 'asked' | 'failed' | 'booted'; readonly wait: number };

/** Decides whether to ask. */
export function whenToAsk(input: ScheduleInput): Schedule {
  const { now, success, attempt, failures } = input;
  const pause = failures > 0 && attempt !== undefined ? pauseAfter(input) - sinceFailure(attempt, now) : 0;
  if (pause > 0) return { ask: false, because: 'failed', wait: pause };
  const isDue = isLeaseDue(input);
  const passed = success === undefined ? undefined : elapsed(success, now);
  const wait = passed === undefined ? 0 : (isDue ? leastWait : waitOf(input.draw)) - passed;
  if (isDue && wait <= 0) return { ask: true, because: 'lease' };
  const spread = spreadOf(now.boot, input.draw) - now.uptime;
  if (wait > 0) return { ask: false, because: 'asked', wait };
  if (spread > 0) return { ask: false, because: 'booted', wait: spread };
  if (success === undefined) return { ask: true, because: 'first' };
  return { ask: true, because: passed === undefined ? 'clock' : 'daily' };
}

/**
 * The rule of the protocol: (end of the lease + last answer) / 2 is over. An answer in what is the future now tells
 * nothing but that the clock was wrong.
 */
export function isLeaseDue({
  now,
  success,
  leaseEnds,
}: Pick<ScheduleInput, 'now' | 'success' | 'leaseEnds'>): boolean {
  if (leaseEnds === undefined || leaseEnds === Number.POSITIVE_INFINITY) return false;
  if (success === undefined) return true;
  return (leaseEnds + Math.min(success.wall, now.wall)) / 2 < now.wall;
}

/** Milliseconds from an answer to the next question: half a day to one and a half, a day on the average. */
function waitOf(draw: number): number {
  return day / 2 + draw * day;
}

/** Milliseconds from a failure to the next attempt. */
function pauseAfter({ failures, draw, leaseEnds, now }: ScheduleInput): number {
  const isEnding = leaseEnds !== undefined && leaseEnds - now.wall < lastDays;
  const longest = isEnding ? longestPauseThen : longestPause;
  return Math.min(longest, firstPause * 2 ** Math.min(failures - 1, 20)) * (0.5 + draw / 2);
}

/** Where nobody can tell how long ago it was, the device was off between, and that is pause enough. */
function sinceFailure(attempt: Moment, now: Moment): number {
  return elapsed(attempt, now) ?? Number.POSITIVE_INFINITY;
}

/** Each boot has another, so that a device which is on for minutes only has its turn too. */
function spreadOf(boot: string, draw: number): number {
  let mixed = Math.floor(draw * 2 ** 32);
  for (let at = 0; at < boot.length; at += 1)
    mixed = Math.imul(mixed ^ boot.charCodeAt(at), 0x9e3779b1) >>> 0;
  return (mixed / 2 ** 32) * longestSpread;
}
