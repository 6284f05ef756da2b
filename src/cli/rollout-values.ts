/** What people write about rollouts on the command line. */
import { readFileSync } from 'node:fs';
import { SatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import { withSystemErrors } from '../os/system-error.ts';
import {
  isPattern,
  longestReason,
  longestRollout,
  mostSteps,
  type QuietTime,
  type RolloutStep,
  wholeShare,
} from '../repository/rollout-record.ts';
import type { Parser } from './command.ts';
import { date, duration, text } from './options.ts';

/** Of 10000: `5%`, `0.5%`, `12.25%`. Throws `rollout-share-not-understood`. */
export const share: Parser<number> = (given, label) => {
  const parts = shareIn(given);
  if (parts === undefined)
    throw new SatchelError('rollout-share-not-understood', { value: given.slice(0, 60), option: label });
  return parts;
};

/**
 * `1%@0h,10%@24h,100%@72h`: shares with the time since the beginning. Throws `rollout-steps-not-understood`,
 * `rollout-steps-order`, `rollout-steps-many`.
 */
export const steps: Parser<readonly RolloutStep[]> = (given, label) => {
  const words = given.split(',');
  if (words.length > mostSteps)
    throw new SatchelError('rollout-steps-many', { option: label, most: mostSteps });
  const found: RolloutStep[] = [];
  for (const word of words) {
    const step = stepIn(word, label);
    const wrong = { option: label, value: word.trim().slice(0, 60) };
    if (step === undefined) throw new SatchelError('rollout-steps-not-understood', wrong);
    const before = found.at(-1);
    const isLater = before === undefined || (step.after > before.after && step.share >= before.share);
    if (!isLater || step.after > longestRollout) throw new SatchelError('rollout-steps-order', wrong);
    found.push(step);
  }
  return found;
};

function shareIn(given: string): number | undefined {
  const match = /^(\d{1,3})(?:[.,](\d{1,2}))?\s*%$/.exec(given.trim());
  const parts = Number(match?.[1]) * 100 + Number((match?.[2] ?? '').padEnd(2, '0') || 0);
  return parts <= wholeShare ? parts : undefined;
}

function stepIn(word: string, label: string): RolloutStep | undefined {
  const [given = '', after = '', ...more] = word.split('@');
  const parts = shareIn(given);
  if (parts === undefined || more.length > 0 || !/^\s*\d{1,9}\s*(s|min|h|d|w)?\s*$/i.test(after))
    return undefined;
  return { share: parts, after: spanInUnits(after, label) };
}

const day = 86_400;

/**
 * `2026-11-23/2026-11-27=exams`, or with hours: quiet time. A day without an hour is part of it as a whole, in UTC.
 * Throws `rollout-quiet-not-understood`, `date-not-understood`.
 */
export const quietTime: Parser<QuietTime> = (given, label) => {
  const [, first, second = first, reason = ''] = /^([^/=]+)(?:\/([^/=]+))?(?:=(.*))?$/s.exec(given) ?? [];
  const wrong = { option: label, value: given.slice(0, 100) };
  if (first === undefined || second === undefined || reason.length > longestReason)
    throw new SatchelError('rollout-quiet-not-understood', wrong);
  const isDay = /^\s*\d{4}-\d\d-\d\d\s*$/.test(second);
  const [from, to] = [date(first, label), date(second, label) + (isDay ? day : 0)];
  if (to <= from || to > Date.parse('9999-01-01T00:00:00Z') / 1000)
    throw new SatchelError('rollout-quiet-not-understood', wrong);
  return { from: recordTime(from * 1000), to: recordTime(to * 1000), reason: reason.trim() };
};

/** Seconds that a rollout can wait for something. Throws `rollout-span-too-long`, `duration-not-understood`. */
export const span: Parser<number> = (given, label) => {
  const seconds = spanInUnits(given, label);
  if (seconds > longestRollout)
    throw new SatchelError('rollout-span-too-long', { option: label, value: given.slice(0, 60) });
  return seconds;
};

/** Whoever writes 4 means days or hours, and not the seconds that it would be elsewhere. */
function spanInUnits(given: string, label: string): number {
  const seconds = duration(given, label);
  if (seconds > 0 && !/[a-z]/i.test(given))
    throw new SatchelError('duration-not-understood', { value: given.slice(0, 60), option: label });
  return seconds;
}

/** A time in UTC, as records have it. */
export const recordDate: Parser<string> = (given, label) => recordTime(date(given, label) * 1000);

/** A serial number or a model, with `*` and `?`, or `@FILE` with one on each line. */
export const patterns: Parser<readonly string[]> = (given, label) => {
  if (!given.startsWith('@')) return [pattern(given, label)];
  const path = text(given.slice(1), label);
  const content = withSystemErrors('read', path, () => readFileSync(path, 'utf8'));
  return content
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
    .map((line) => pattern(line, label));
};

function pattern(given: string, label: string): string {
  if (!isPattern(given))
    throw new SatchelError('rollout-pattern-not-understood', { option: label, value: given.slice(0, 100) });
  return given;
}

/** Why, for people. Throws `halt-reason-too-long`. */
export const reason: Parser<string> = (given, label) => {
  if (given.length > longestReason)
    throw new SatchelError('halt-reason-too-long', { option: label, most: longestReason });
  return text(given, label);
};
