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
  for (const { id, because } of staying)
    if (because === 'by-hand' || because === 'removed')
      lines.push(words.say(`result-activities-${because}`, { id }));
  if (plan === undefined) return [...lines, words.say('result-activities-nothing', {})];
  const cost = { bytes: formatBytes(plan.bytes), whole: formatBytes(plan.everything) };
  if (dryRun)
    return [...lines, words.say('result-activities-plan', { ...cost, disk: formatBytes(plan.disk) })];
  return [
    ...lines,
    words.say('result-activities-done', {
      ...{ received: formatBytes(bytesReceived), requests, seconds: formatSeconds(seconds) },
      whole: cost.whole,
    }),
  ];
}
