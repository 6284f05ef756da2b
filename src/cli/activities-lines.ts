import type { ActivitiesUpdated } from '../activities/update-activities.ts';
import { formatBytes, formatSeconds } from '../base/units.ts';
import type { Words } from './command.ts';

/** What an update of activities did, or would do, in lines. */
export function activitiesLines(
  result: ActivitiesUpdated & { readonly dryRun: boolean },
  words: Words,
): string[] {
  const { updated, staying, plan, dryRun, bytesReceived, requests, seconds } = result;
  const lines = updated.map(({ id, from, to }) =>
    from === null
      ? words.say(dryRun ? 'result-activities-would-install' : 'result-activities-installed', { id, to })
      : words.say(dryRun ? 'result-activities-would-update' : 'result-activities-updated', { id, from, to }),
  );
  for (const { id, because, by = '' } of staying)
    if (isTold(because)) lines.push(words.say(`result-activities-${because}`, { id, by }));
  if (plan === undefined) return [...lines, words.say('result-activities-nothing', {})];
  if (plan.byDelta > 0)
    lines.push(words.say('result-activities-by-delta', { count: plan.byDelta, all: updated.length }));
  const whole =
    plan.whole === undefined
      ? []
      : [words.say('result-activities-whole', { whole: formatBytes(plan.whole) })];
  const cost = dryRun
    ? words.say('result-activities-plan', { bytes: formatBytes(plan.bytes), disk: formatBytes(plan.disk) })
    : words.say('result-activities-done', {
        ...{ received: formatBytes(bytesReceived), requests, seconds: formatSeconds(seconds) },
      });
  return [...lines, [cost, ...whole].join(' ')];
}

/** Why a bundle stays, where somebody may want to do something about it. */
const told = ['by-hand', 'removed', 'folder-taken', 'other-disk'] as const;

function isTold(because: string): because is (typeof told)[number] {
  return told.some((each) => each === because);
}
