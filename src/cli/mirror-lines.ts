import { formatBytes, formatSeconds } from '../base/units.ts';
import type { BuildPrice, SitePrice } from '../site/mirror-price.ts';
import type { MirrorResult } from '../site/mirror-run.ts';
import type { MirrorItem, MirrorPlan } from '../site/mirror-types.ts';
import type { Words } from './command.ts';

/** A plan of mirroring for people. */
export function mirrorPlanLines(plan: MirrorPlan, words: Words): string[] {
  const { items, complete, unknown, halted, month, disk } = plan;
  return [
    ...(items.length + complete.length + unknown.length + halted.length === 0
      ? [words.say('result-mirror-follows-nothing')]
      : []),
    ...complete.map((build) => words.say('result-mirror-complete', { build })),
    ...halted.map((stream) => words.say('result-mirror-halted', { stream })),
    ...unknown.map((stream) => words.say('result-mirror-unknown', { stream })),
    ...items.flatMap((item) => itemLines(item, words)),
    ...(items.length === 0 ? [] : [totalLine(plan, words), timeLine(plan, words)]),
    words.say('result-mirror-disk', {
      used: formatBytes(disk.used),
      after: formatBytes(disk.after),
      budget: formatBytes(disk.budget),
      free: formatBytes(disk.free),
      reserve: formatBytes(disk.reserve),
    }),
    ...(month?.left == null
      ? []
      : [
          words.say('result-mirror-month', {
            used: formatBytes(month.bytes),
            budget: formatBytes(month.budget ?? 0),
            left: formatBytes(month.left),
          }),
        ]),
  ];
}

function itemLines({ build, streams, security, files, bytes, refusal }: MirrorItem, words: Words): string[] {
  const kinds = [...new Set(files.map(({ kind }) => kind))].map((kind) => {
    const own = files.filter((file) => file.kind === kind).reduce((sum, file) => sum + file.bytes, 0);
    return words.say(`mirror-kind-${kind}`, { bytes: formatBytes(own) });
  });
  const line = words.say('result-mirror-item', {
    build,
    streams: streams.length === 0 ? '–' : streams.join(', '),
    bytes: formatBytes(bytes),
    kinds: kinds.join(', '),
  });
  return [
    security ? `${line} ${words.say('result-mirror-security')}` : line,
    ...(refusal === null ? [] : [`  ${words.say(`result-mirror-refused-${refusal}`)}`]),
  ];
}

function totalLine({ bytes, requests }: MirrorPlan, words: Words): string {
  return words.say('result-mirror-total', { bytes: formatBytes(bytes), requests });
}

function timeLine({ link, seconds, doneBy }: MirrorPlan, words: Words): string {
  if (link === null || seconds === null) return words.say('result-mirror-no-link');
  const parameters = { rate: formatBytes(link.bytesPerSecond), time: longTime(seconds, words) };
  return doneBy === null
    ? words.say('result-mirror-time-never', parameters)
    : words.say('result-mirror-time', { ...parameters, doneBy: doneBy.slice(0, 16).replace('T', ' ') });
}

/** Hours from an hour on. */
function longTime(seconds: number, words: Words): string {
  if (seconds < 3600) return formatSeconds(seconds);
  return words.say('result-mirror-hours', { hours: (seconds / 3600).toFixed(1) });
}

/** What mirroring brought, for people. */
export function mirrorResultLines(result: MirrorResult, words: Words): string[] {
  const { builds, bytes, seconds, stopped, unknown } = result;
  return [
    ...unknown.map((stream) => words.say('result-mirror-unknown', { stream })),
    ...(builds.length + unknown.length === 0 ? [words.say('result-mirror-nothing')] : []),
    ...builds.map(({ build, result, bytes: own, reason }) => {
      const line = words.say(`result-mirror-${result}-build`, { build, bytes: formatBytes(own) });
      return reason === null ? line : `${line} ${words.say(reason.code, reason.parameters)}`;
    }),
    ...(bytes === 0
      ? []
      : [words.say('result-mirror-came', { bytes: formatBytes(bytes), time: longTime(seconds, words) })]),
    ...(stopped === null || builds.length > 0 ? [] : [words.say(stopped.code, stopped.parameters)]),
  ];
}

/** What a build costs the sites below, for people; `rate` in bytes a second. */
export function sitePriceLines(price: BuildPrice, rate: number | undefined, words: Words): string[] {
  const time = (bytes: number) => (rate === undefined ? '' : ` (${longTime(bytes / rate, words)})`);
  const cost = ({ everything, deltasOnly }: SitePrice) => ({
    everything: formatBytes(everything.bytes) + time(everything.bytes),
    deltas: formatBytes(deltasOnly.bytes) + time(deltasOnly.bytes),
  });
  return [
    words.say('result-site-price', { build: price.build }),
    ...price.sites.map((site) =>
      site.from === null
        ? words.say('result-site-price-nothing', cost(site))
        : words.say('result-site-price-from', {
            from: site.from,
            streams: site.streams.join(', '),
            ...cost(site),
          }),
    ),
    ...(price.deltas.length === 0 ? [words.say('result-site-price-no-deltas')] : []),
  ];
}
