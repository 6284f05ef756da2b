import { formatBytes, formatSeconds } from '../base/units.ts';
import type { PricedWay, UpdatePlan } from '../device/plan-update.ts';
import type { Words } from './command.ts';
import { dataLine } from './data-line.ts';
import { detourLines, isStaying, stayingLines } from './staying-lines.ts';

/** A plan for people: every way with its price, the chosen one marked, and what happens on the device itself. */
export function planLines(plan: UpdatePlan, words: Words): string[] {
  if (isStaying(plan)) return stayingLines(plan, words);
  if (plan.plan === 'none') return [words.say('result-check-current', { build: plan.build })];
  if (plan.plan === 'switch')
    return [words.say('result-plan-switch', { build: plan.build }), ...detourLines(plan, words)];
  const { link, month } = plan;
  return [
    ...detourLines(plan, words),
    ...wayTable(plan, words),
    link === null
      ? words.say('result-plan-no-link')
      : words.say('result-plan-link', {
          rate: formatBytes(link.bytesPerSecond),
          roundTrip: formatSeconds(link.roundTrip),
        }),
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
    ...inPlaceLines(plan, words),
    ...(month === null || month.budget === null ? [] : [dataLine(month, words)]),
    ...plan.damaged.map((path) => words.say('result-damaged', { path })),
  ];
}

function inPlaceLines({ inPlace, build, from }: UpdatePlan, words: Words): string[] {
  if (inPlace === undefined) return [];
  return [
    words.say('result-plan-in-place', {
      ...{ build, from: from ?? '' },
      least: formatBytes(inPlace.leastBytes),
      reserve: formatBytes(inPlace.reserveBytes),
      free: formatBytes(inPlace.freeBytes),
    }),
  ];
}

/** Columns as wide as what they hold: the ways to the left, numbers to the right. */
function wayTable(plan: UpdatePlan, words: Words): string[] {
  const head = ['way', 'bytes', 'requests', 'disk', 'memory', 'time'] as const;
  const rows = [
    ['', ...head.map((column) => words.say(`result-plan-head-${column}`)), ''],
    ...plan.ways.map((way) => wayCells(way, isChosen(way, plan), words)),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  return rows.map((cells) =>
    cells
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}

function isChosen({ kind, via }: PricedWay, plan: UpdatePlan): boolean {
  return kind === plan.plan && via === plan.via;
}

function wayCells(way: PricedWay, isTaken: boolean, words: Words): string[] {
  return [
    isTaken ? '→' : ' ',
    words.say(`way-${way.kind}`, { via: way.via ?? '' }),
    formatBytes(way.bytes),
    String(way.requests),
    formatBytes(way.disk),
    way.memory === 0 ? '—' : formatBytes(way.memory),
    way.seconds === null ? words.say('way-time-unknown') : formatSeconds(way.seconds),
    way.refusal === null ? '' : words.say(`way-refused-${way.refusal}`),
  ];
}
