import { shareAt } from '../advice/decide.ts';
import type { RolloutPlan } from '../advice/rollout-plan.ts';
import { recordTime } from '../base/fields.ts';
import type { Reporter } from '../base/progress.ts';
import { parseDeviceSet } from '../repository/device-set.ts';
import type { StreamRecord } from '../repository/records.ts';
import { type Group, type Rollout, wholeShare } from '../repository/rollout-record.ts';
import type { Words } from './command.ts';
import { haltWords } from './staying-lines.ts';

/** Of 10000, as a percentage without the sign. */
export function percent(share: number): string {
  return String(share / 100);
}

/** How many devices a set names. */
export function countOf(devices: string | undefined): number {
  return devices === undefined ? 0 : (parseDeviceSet(devices)?.length ?? 0);
}

/** The rules of a rollout for people, as devices see them by a timestamp of that time. */
export function rolloutLines(rollout: Rollout, issued: number, words: Words): string[] {
  const { began, steps, early, only, notBefore, quiet = [], reserved, automatic, paused } = rollout;
  const now = shareAt(rollout, issued);
  const timeOf = (after: number) => recordTime(Date.parse(began) + after * 1000);
  const isNow = (step: Rollout['steps'][number], place: number) =>
    step.share === now && Date.parse(timeOf(step.after)) <= issued && steps[place + 1]?.share !== now;
  return [
    ...steps.map((step, place) =>
      words.say(isNow(step, place) ? 'result-rollout-step-now' : 'result-rollout-step', {
        share: percent(step.share),
        from: timeOf(step.after),
      }),
    ),
    ...(notBefore === undefined ? [] : [words.say('result-rollout-not-before', { from: notBefore })]),
    ...(early === undefined ? [] : [words.say('result-rollout-early', { whom: groupWords(early, words) })]),
    ...(only === undefined ? [] : [words.say('result-rollout-only', { whom: groupWords(only, words) })]),
    ...quiet.map(({ from, to, reason }) =>
      words.say('result-rollout-quiet', { from, to, reason: reason || words.say('halt-no-reason') }),
    ),
    ...(reserved === undefined
      ? []
      : [
          words.say('result-rollout-reserved', {
            count: countOf(reserved.devices),
            until: timeOf(reserved.until),
          }),
        ]),
    ...(automatic === undefined
      ? []
      : [
          words.say('result-rollout-automatic', {
            failed: percent(automatic.failed),
            silent: percent(automatic.silent),
            atLeast: automatic.atLeast,
          }),
        ]),
    ...(paused === undefined ? [] : [words.say('result-rollout-paused', haltWords(paused, words))]),
  ];
}

function groupWords({ serials = [], models = [], builds = [], devices }: Group, words: Words): string {
  const named = countOf(devices);
  const all = [
    ...serials,
    ...models,
    ...builds,
    ...(named > 0 ? [words.say('result-rollout-listed', { count: named })] : []),
  ];
  return all.join(', ') || '—';
}

/** What an operator should know about a plan that he has just begun. */
export function sayPlanNotes(
  { steps, early, only }: RolloutPlan,
  {
    stream,
    build,
    halted,
    rollout,
  }: Pick<StreamRecord, 'stream' | 'halted' | 'rollout'> & {
    readonly build: Pick<StreamRecord['build'], 'name'>;
  },
  reporter: Reporter,
): void {
  const last = steps.at(-1)?.share ?? 0;
  if (halted !== undefined) reporter.notice('published-while-halted', { stream, build: build.name });
  if (last < wholeShare)
    reporter.notice('rollout-last-step-part', { share: percent(last), build: build.name });
  for (const [name, plan, group] of [
    ['--early-site', early, rollout?.early],
    ['--only-site', only, rollout?.only],
  ] as const)
    if (plan !== undefined && plan.sites.length > 0 && group?.devices === undefined)
      reporter.notice('rollout-group-of-nobody', { option: name });
}
