import { readFileSync } from 'node:fs';
import { SatchelError } from '../../base/errors.ts';
import { recordTime } from '../../base/fields.ts';
import { serialiseKeyLine } from '../../formats/signature-line.ts';
import {
  type DayRange,
  openZone,
  parseHolidays,
  parseTimeOfDay,
  parseWeekdays,
} from '../../lease/calendar.ts';
import { readPublicKey } from '../../lease/key-files.ts';
import { timeOf } from '../../lease/laptop.ts';
import {
  mostGrace,
  type OfficeSettings,
  readOfficeSettings,
  writeOfficeSettings,
} from '../../lease/office-settings.ts';
import { openTools } from '../../lease/office-signer.ts';
import { openSchedule } from '../../lease/schedule.ts';
import { openLeaseStore } from '../../lease/store.ts';
import { withSystemErrors } from '../../os/system-error.ts';
import { isSite } from '../../site/layout.ts';
import { defineCommand, type Parser } from '../command.ts';
import { requireLeaseDirectory } from '../lease-place.ts';
import { leaseDays, signerReference, trustedKeys } from '../lease-values.ts';
import { flag, value } from '../option-kinds.ts';
import { localPath } from '../options.ts';
import { requireSiteKey } from '../origin-key.ts';
import { wholeNumber } from '../rsync-values.ts';
import { siteRepo } from '../shared-options.ts';

/** A word that takes a setting away, else what the parser makes of it. */
const orNone =
  <Value>(parse: Parser<Value>): Parser<Value | null> =>
  (given, label) =>
    given === 'none' ? null : parse(given, label);

const zone: Parser<string> = (given) => {
  openZone(given);
  return given;
};

const holidays: Parser<readonly DayRange[]> = (given, label) => {
  const file = localPath(given, label);
  return parseHolidays(
    withSystemErrors('read', file, () => readFileSync(file, 'utf8')),
    file,
  );
};

/** `satchel lease set`: how a place makes leases; without options it says how. A server that runs follows at once. */
export const leaseSetCommand = defineCommand({
  arguments: {},
  options: {
    repo: siteRepo,
    key: value('option-lease-office-key', 'KEY|none', orNone(signerReference)),
    passphraseFile: value('option-passphrase-file', 'FILE|none', orNone(localPath)),
    through: value('option-lease-through', 'FILE', localPath),
    trust: trustedKeys,
    bound: flag('option-lease-bound'),
    unbound: flag('option-lease-unbound'),
    days: value('option-lease-days', 'N', leaseDays),
    end: value('option-lease-end', 'HH:MM', parseTimeOfDay),
    zone: value('option-lease-zone', 'ZONE', zone),
    weekend: value('option-lease-weekend', 'DAYS|none', parseWeekdays),
    holidays: value('option-lease-holidays', 'FILE|none', orNone(holidays)),
    grace: value('option-lease-grace', 'DAYS', wholeNumber(mostGrace)),
  },
  async run({ options, clock, signal }) {
    const { repo, through, trust } = options;
    const directory = requireLeaseDirectory(repo);
    const before = readOfficeSettings(directory);
    const trusted = trust.map((file) => serialiseKeyLine(readPublicKey(file)).trimEnd());
    const settings = changed(before, {
      ...options,
      // A site has no key that laptops trust by itself.
      delegated: isSite(repo) || through !== undefined || (options.key === undefined && before.delegated),
      trust: trusted.length > 0 ? trusted : before.trust,
    });
    // Opened before anything is changed: a key that does not open is said here, and not by a laptop that is locked.
    const tools = await openTools(directory, signal, settings);
    const own = tools && serialiseKeyLine(tools.signer.publicKey).trimEnd();
    await tools?.signer.close();
    if (isSite(repo) && own !== undefined && settings.trust.includes(own))
      throw new SatchelError('lease-key-of-origin', { repository: repo });
    if (tools !== undefined)
      await requireSiteKey(repo, tools.signer.publicKey, {
        ...{ through, trust: tools.trust },
        isNew: options.key !== undefined,
      });
    if (
      own !== undefined &&
      !settings.delegated &&
      settings.trust.length > 0 &&
      !settings.trust.includes(own)
    )
      throw new SatchelError('lease-key-untrusted', { key: settings.key ?? '' });
    if (through !== undefined) {
      const store = openLeaseStore(directory);
      try {
        await store.take([through], { signal });
      } finally {
        await store.close();
      }
    }
    // Asking how things are changes nothing.
    if (JSON.stringify(settings) !== JSON.stringify(before)) writeOfficeSettings(directory, settings);
    const { key, delegated, bound, rules } = settings;
    const ends = recordTime(timeOf(openSchedule(rules).endOf(clock())));
    const isChecked = settings.trust.length > 0;
    return { directory, key: key ?? null, delegated, bound, ...rules, ends, isChecked };
  },
  show: ({ key, delegated, isChecked, ends, zone: place }, words) => [
    key === null
      ? words.say('result-lease-set-none')
      : words.say(delegated ? 'result-lease-set-delegated' : 'result-lease-set', { key }),
    ...(key !== null && delegated && !isChecked ? [words.say('result-lease-set-unchecked')] : []),
    words.say('result-lease-ends', { ends, zone: place }),
  ],
});

type Changes = {
  readonly key?: string | null | undefined;
  readonly passphraseFile?: string | null | undefined;
  readonly delegated: boolean;
  readonly trust: readonly string[];
  readonly bound: boolean;
  readonly unbound: boolean;
  readonly days?: number | undefined;
  readonly end?: number | undefined;
  readonly zone?: string | undefined;
  readonly weekend?: OfficeSettings['rules']['weekend'] | undefined;
  readonly holidays?: readonly DayRange[] | null | undefined;
  readonly grace?: number | undefined;
};

function changed(before: OfficeSettings, changes: Changes): OfficeSettings {
  const { rules } = before;
  const key = changes.key === undefined ? before.key : (changes.key ?? undefined);
  // A passphrase belongs to the key that it opens.
  const kept = changes.key === undefined ? before.passphraseFile : undefined;
  const file = changes.passphraseFile === undefined ? kept : (changes.passphraseFile ?? undefined);
  return {
    ...(key === undefined ? {} : { key }),
    ...(file === undefined ? {} : { passphraseFile: file }),
    delegated: changes.delegated,
    bound: changes.bound || (before.bound && !changes.unbound),
    trust: changes.trust,
    rules: {
      days: changes.days ?? rules.days,
      end: changes.end ?? rules.end,
      zone: changes.zone ?? rules.zone,
      weekend: changes.weekend ?? rules.weekend,
      holidays: changes.holidays === null ? [] : (changes.holidays ?? rules.holidays),
      grace: changes.grace ?? rules.grace,
    },
  };
}
