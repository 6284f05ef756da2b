import { simulate } from '../../advice/simulate.ts';
import type { SimulatedDay, SimulatedWorld } from '../../advice/simulate-types.ts';
import { SatchelError } from '../../base/errors.ts';
import { defineCommand, type OptionDefinition, type Parser, type Words } from '../command.ts';
import { repeated, value } from '../option-kinds.ts';
import { count, duration } from '../options.ts';
import { percent } from '../rollout-lines.ts';
import { planOf, rolloutOptions } from '../rollout-options.ts';
import { share, steps } from '../rollout-values.ts';

/** Most devices, sites and days: what a machine with little memory does in minutes. */
const most = { devices: 1_000_000, sites: 20_000, days: 400 } as const;

const upTo =
  (limit: number): Parser<number> =>
  (given, label) => {
    const number = count(given, label);
    if (number > limit) throw new SatchelError('simulate-too-many', { option: label, most: limit });
    return number;
  };

/** `3-5` or `3`: days of the simulation, from 0 on. */
const dayRange: Parser<readonly [number, number]> = (given, label) => {
  const [, from, to = from] = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(given.trim()) ?? [];
  if (from === undefined || Number(to) < Number(from))
    throw new SatchelError('simulate-days-not-understood', { option: label, value: given.slice(0, 60) });
  return [Number(from), Number(to)];
};

/** `30%@3-5`: a share of the sites, and days. */
const cut: Parser<{ readonly cuts: number; readonly days: readonly [number, number] }> = (given, label) => {
  const [portion = '', days = ''] = given.split('@');
  return { cuts: share(portion, label), days: dayRange(days, label) };
};

function withDefault<Value>(
  option: OptionDefinition<Value | undefined>,
  usual: Value,
): OptionDefinition<Value> {
  return { ...option, read: (words, label) => option.read(words, label) ?? usual };
}

const usualSteps = [
  { share: 100, after: 0 },
  { share: 1000, after: 86_400 },
  { share: 5000, after: 2 * 86_400 },
  { share: 10_000, after: 4 * 86_400 },
];

/** `satchel simulate`: try a rollout on devices that do not exist, in virtual time. */
export const simulateCommand = defineCommand({
  arguments: {},
  options: {
    steps: withDefault(value('option-rollout-steps', 'STEPS', steps), usualSteps),
    devices: withDefault(value('option-simulate-devices', 'N', upTo(most.devices)), 100_000),
    sites: withDefault(value('option-simulate-sites', 'N', upTo(most.sites)), 500),
    days: withDefault(value('option-simulate-days', 'N', upTo(most.days)), 14),
    seed: withDefault(value('option-simulate-seed', 'N', count), 1),
    failing: withDefault(value('option-simulate-failing', 'SHARE', share), 0),
    leaving: withDefault(value('option-simulate-leaving', 'SHARE', share), 0),
    dying: withDefault(value('option-simulate-dying', 'SHARE', share), 0),
    later: withDefault(value('option-simulate-later', 'SHARE', share), 0),
    present: withDefault(value('option-simulate-present', 'SHARE', share), 8500),
    sticks: withDefault(value('option-simulate-sticks', 'SHARE', share), 0),
    stickEvery: withDefault(value('option-simulate-stick-every', 'TIME', duration), 7 * 86_400),
    absent: repeated('option-simulate-absent', 'DAYS', dayRange),
    powerCut: value('option-simulate-power-cut', 'SHARE@DAYS', cut),
    ...rolloutOptions,
  },
  async run(call) {
    const { options } = call;
    const { seed, devices, sites, days } = options;
    const { failing, leaving, dying, later, present, sticks, powerCut } = options;
    const [cutFrom, cutTo] = powerCut?.days ?? [0, -1];
    const world: SimulatedWorld = {
      ...{ failing, leaving, dying, later, present, sticks, holidays: options.absent },
      stickDays: Math.max(1, Math.round(options.stickEvery / 86_400)),
      ...{ cuts: powerCut?.cuts ?? 0, cutFrom, cutDays: cutTo - cutFrom + 1 },
    };
    const plan = (made: Parameters<typeof planOf>[2]) => planOf(options.steps, options, made);
    return simulate({ seed, devices, sites: Math.min(sites, devices), days, plan, world }, call.signal);
  },
  show: ({ days, haltedAfter, reason, decisions, reports, late, digest }, words) => [
    ...table(days, words),
    haltedAfter === null
      ? words.say('result-simulate-not-halted')
      : words.say(`result-simulate-halted-${reason ?? 'failed'}`, { hours: haltedAfter, late }),
    words.say('result-simulate-counts', { decisions, reports, digest: digest.slice(0, 16) }),
  ],
});

function table(days: readonly SimulatedDay[], words: Words): string[] {
  const head = [
    words.say('simulate-column-day'),
    words.say('simulate-column-share'),
    words.say('simulate-column-running'),
    words.say('simulate-column-harmed'),
    words.say('simulate-column-took'),
    words.say('simulate-column-well'),
    words.say('simulate-column-failed'),
    words.say('simulate-column-silent'),
  ];
  const rows = days.map(({ date, share: part, running, harmed, figures, halted }) => [
    date,
    halted ? words.say('simulate-halted') : `${percent(part)} %`,
    ...[running, harmed, figures.took, figures.well, figures.failed, figures.silent].map(String),
  ]);
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => [...(row[column] ?? '')].length)));
  return all.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  '),
  );
}
