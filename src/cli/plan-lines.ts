import { formatBytes } from '../base/units.ts';
import type { UpdatePlan } from '../device/plan-update.ts';
import type { Words } from './command.ts';

/** A plan for people: every way with its price, the chosen one marked, and what happens on the device itself. */
export function planLines(plan: UpdatePlan, words: Words): string[] {
  if (plan.plan === 'none') return [words.say('result-check-current', { build: plan.build })];
  return [
    ...plan.ways.map(({ kind, bytes, requests, disk }) =>
      words.say('result-plan-way', {
        mark: kind === plan.plan ? '→' : ' ',
        kind,
        bytes: formatBytes(bytes),
        requests,
        disk: formatBytes(disk),
      }),
    ),
    words.say('result-plan-local', {
      links: plan.links,
      copies: plan.copies,
      copyBytes: formatBytes(plan.copyBytes),
      fetched: plan.fetched,
    }),
    ...(plan.metadataOnlyFiles > 0
      ? [
          words.say('result-plan-times', {
            files: plan.metadataOnlyFiles,
            bytes: formatBytes(plan.metadataOnlyBytes),
          }),
        ]
      : []),
    ...plan.damaged.map((path) => words.say('result-damaged', { path })),
  ];
}
