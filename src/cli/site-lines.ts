import { formatBytes } from '../base/units.ts';
import { forwardInterval } from '../site/forward.ts';
import type { SiteMetadata, SiteStatus } from '../site/join-status.ts';
import type { LinkState, Told } from '../site/link-file.ts';
import type { SiteSettings } from '../site/settings.ts';
import type { Words } from './command.ts';

type ShownSettings = Pick<SiteSettings, 'follow' | 'hours' | 'days' | 'budget' | 'reserve'> & {
  readonly bytesPerSecond?: number | null;
  readonly monthlyBytes?: number | null;
};

/** What an operator settled, as lines. */
export function siteSettingsLines(settings: ShownSettings, words: Words): string[] {
  const { follow, hours, days, bytesPerSecond, monthlyBytes, budget, reserve } = settings;
  const always = words.say('site-always');
  return [
    follow.length === 0
      ? words.say('result-site-mirror-nothing')
      : words.say('result-site-mirror', {
          streams: follow.join(', '),
          hours: hours || always,
          days: days || always,
          rate: bytesPerSecond == null ? words.say('site-any-rate') : formatBytes(bytesPerSecond),
        }),
    words.say('result-site-limits', {
      budget: formatBytes(budget),
      reserve: formatBytes(reserve),
      month: monthlyBytes == null ? words.say('site-no-limit') : formatBytes(monthlyBytes),
    }),
  ];
}

/** How a site stands, as lines. */
export function siteStatusLines(status: SiteStatus, words: Words): string[] {
  const { settings, month, disk } = status;
  return [
    words.say('result-site-set', { name: settings.name, upstream: settings.upstream }),
    linkLine(status, words),
    ...newsLines(status.metadata, status.link, words),
    ...status.unknownStreams.map((stream) => words.say('result-mirror-unknown', { stream })),
    ...(month === undefined
      ? []
      : [
          words.say('result-site-month', {
            month: month.month,
            used: formatBytes(month.bytes),
            budget:
              month.budget === null
                ? ''
                : words.say('result-site-month-budget', {
                    budget: formatBytes(month.budget),
                    left: formatBytes(month.left ?? 0),
                  }),
          }),
        ]),
    words.say('result-site-disk', { free: formatBytes(disk.free), total: formatBytes(disk.total) }),
    ...siteSettingsLines(settings, words),
    reportsLine(status, words),
  ];
}

function reportsLine({ reports, link, offline, waiting: count }: SiteStatus, words: Words): string {
  const waiting = count ?? '?';
  if (!reports) return words.say('result-site-no-reports', { waiting });
  if (offline) return words.say('result-site-reports-offline', { waiting });
  if (link.reports === undefined)
    return words.say('result-site-reports', { waiting, minutes: forwardInterval / 60_000 });
  const { at, code, parameters } = link.reports;
  return words.say('result-site-reports-refused', { waiting, at, reason: words.say(code, parameters) });
}

function linkLine({ link, offline, settings }: SiteStatus, words: Words): string {
  const { rate, contacted, downSince, failures, lastFailure } = link;
  const last = contacted ?? words.say('site-never');
  if (offline) return words.say('result-site-link-offline', { contacted: last });
  if (downSince === undefined && contacted === undefined)
    return words.say('result-site-link-not-asked', { upstream: settings.upstream });
  if (downSince !== undefined)
    return words.say('result-site-link-down', {
      since: downSince,
      count: failures,
      contacted: last,
      reason: lastFailure === undefined ? '—' : words.say(lastFailure.code, lastFailure.parameters),
    });
  const speed =
    rate === undefined
      ? words.say('result-site-rate-unknown')
      : words.say('result-site-rate', {
          rate: formatBytes(Math.round(rate.bytesPerSecond)),
          milliseconds: Math.round(rate.roundTrip * 1000),
        });
  return words.say('result-site-link-up', { contacted: last, rate: speed });
}

function newsLines(metadata: SiteMetadata, { checked, problem }: LinkState, words: Words): string[] {
  const { issued, expired, unusable, streams } = metadata;
  const said = ({ code, parameters }: Told) => words.say(code, parameters);
  return [
    issued === undefined && streams.length === 0
      ? words.say('result-site-news-never')
      : words.say('result-site-news', { issued: issued ?? '—', checked: checked ?? words.say('site-never') }),
    ...(problem === undefined
      ? []
      : [words.say('result-site-problem', { at: problem.at, reason: said(problem) })]),
    ...(unusable === undefined ? [] : [words.say('result-site-expired', { reason: said(unusable) })]),
    ...expired.map(({ role, expires }) => words.say('result-site-ran-out', { role, expires })),
    ...streams.map(({ stream, build, haltedSince }) =>
      haltedSince === undefined
        ? words.say('result-site-stream', { stream, build })
        : words.say('result-site-stream-halted', { stream, build, since: haltedSince }),
    ),
  ];
}
