import { SatchelError } from '../../base/errors.ts';
import { changeSiteSettings } from '../../site/join-settings.ts';
import { defineCommand, type Parser } from '../command.ts';
import { repeated, value } from '../option-kinds.ts';
import { duration, rate, size, sizeOrNone, sourceUrl, text } from '../options.ts';
import { siteRepo, stream } from '../shared-options.ts';
import { siteSettingsLines } from '../site-lines.ts';

/** As {@link rate}, or the word `none`, which is null. */
const rateOrNone: Parser<number | null> = (given, label) =>
  given.trim().toLowerCase() === 'none' ? null : rate(given, label);

/** Hours or days, or the word `always`, which is empty; what they mean is judged with the other settings. */
const timesOrAlways: Parser<string> = (given) =>
  given.trim().toLowerCase() === 'always' ? '' : given.trim();

/** `satchel site set`: change where a site gets its files from, what it mirrors and when, and its limits. */
export const siteSetCommand = defineCommand({
  arguments: {},
  options: {
    repo: siteRepo,
    name: value('option-site-name', 'NAME', text),
    upstream: value('option-site-upstream', 'URL', sourceUrl),
    token: value('option-site-token', 'TOKEN', text),
    follow: repeated('option-site-follow', 'STREAM|none', stream),
    hours: value('option-site-hours', 'HOURS|always', timesOrAlways),
    days: value('option-site-days', 'DAYS|always', timesOrAlways),
    limitRate: value('option-site-limit-rate', 'RATE|none', rateOrNone),
    month: value('option-site-month', 'SIZE|none', sizeOrNone),
    budget: value('option-site-budget', 'SIZE', size),
    reserve: value('option-site-reserve', 'SIZE', size),
    fresh: value('option-site-fresh', 'TIME', duration),
  },
  async run({ options, clock, signal }) {
    const { repo: repository, follow, limitRate, month, ...others } = options;
    const change = {
      ...others,
      follow: follow.length === 0 ? undefined : follow.filter((name) => name !== 'none'),
      bytesPerSecond: limitRate,
      monthlyBytes: month,
    };
    if (Object.values(change).every((one) => one === undefined))
      throw new SatchelError('one-option-needed', {
        options:
          '--name, --upstream, --token, --follow, --hours, --days, --limit-rate, --month, --budget, --reserve, --fresh',
      });
    const { settings, isUnchecked, reason } = await changeSiteSettings({ repository, change, clock, signal });
    const { credential, ...shown } = settings;
    return {
      repository,
      ...shown,
      bytesPerSecond: settings.bytesPerSecond ?? null,
      monthlyBytes: settings.monthlyBytes ?? null,
      reports: credential !== undefined,
      isUnchecked,
      reason: reason ?? null,
    };
  },
  show: (result, words) => [
    words.say('result-site-set', { name: result.name, upstream: result.upstream }),
    ...(result.reason === null
      ? []
      : [
          words.say('result-site-unchecked', {
            upstream: result.upstream,
            reason: words.say(result.reason.code, result.reason.parameters),
          }),
        ]),
    ...siteSettingsLines(result, words),
  ],
});
