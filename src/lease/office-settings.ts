import type { KeyObject } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { Fields } from '../base/fields.ts';
import { parseKeyLine } from '../formats/signature-line.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { type DayRange, isCalendarDay, isZone, mostHolidays, parseWeekdays } from './calendar.ts';
import { defaultRules, type LeaseRules } from './schedule.ts';

/** How a place makes leases; `satchel lease set` writes it. Without a key it gives out what it was brought. */
export type OfficeSettings = {
  /** The key that signs, as `openSigner` takes it. */
  readonly key?: string;
  /** A file with what opens the key in its first line. */
  readonly passphraseFile?: string;
  /** True where laptops do not trust the key by itself: it signs through the delegation of each. Always so at a site. */
  readonly delegated: boolean;
  /** True for signatures that name laptop and time (`sig02`). */
  readonly bound: boolean;
  /** The public keys that laptops trust, as `key01` lines, where the operator has named them: delegations are checked. */
  readonly trust: readonly string[];
  readonly rules: LeaseRules;
};

/** What holds where nothing was set. */
export const defaultOfficeSettings: OfficeSettings = {
  delegated: false,
  bound: false,
  trust: [],
  rules: defaultRules,
};

const format = 1;

/** Most days that a lease may last; never-ending ones are made by hand. */
export const mostDays = 10_000;
/** Most school days of grace. */
export const mostGrace = 100;

/** The settings of a place. Throws `lease-settings-damaged`. */
export function readOfficeSettings(directory: string): OfficeSettings {
  const path = settingsFile(directory);
  const bytes = readFileIfThere(path);
  if (bytes === undefined) return defaultOfficeSettings;
  try {
    return parseSettings(Fields.parse(bytes, path));
  } catch (error) {
    if (!isSatchelError(error)) throw error;
    throw new SatchelError('lease-settings-damaged', { path }, { cause: error });
  }
}

/** Replaces the settings atomically. */
export function writeOfficeSettings(directory: string, { rules, ...settings }: OfficeSettings): void {
  const record = {
    satchel: 'lease-office',
    format,
    ...settings,
    ...rules,
    weekend: rules.weekend.length === 0 ? 'none' : rules.weekend.join(','),
  };
  writeFileAtomic(settingsFile(directory), `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
}

/** Changes whenever the settings were written. */
export function officeSettingsVersion(directory: string): string {
  const path = settingsFile(directory);
  const found = withSystemErrors('stat', path, () => statSync(path, { throwIfNoEntry: false, bigint: true }));
  return found === undefined ? '' : `${found.ino}:${found.mtimeNs}:${found.size}`;
}

/** The public keys that laptops trust, as far as they were named. */
export function trustedBy({ trust }: OfficeSettings): KeyObject[] {
  return trust.map(parseKeyLine);
}

function settingsFile(directory: string): string {
  return join(directory, 'office.json');
}

function parseSettings(fields: Fields): OfficeSettings {
  fields.expectFormat('lease-office', format);
  const optional = (name: 'key' | 'passphraseFile') =>
    fields.has(name) ? { [name]: fields.text(name) } : {};
  const zone = fields.text('zone');
  if (!isZone(zone)) throw fields.wrong('zone');
  const trust = fields.texts('trust');
  for (const line of trust) parseKeyLine(line);
  return {
    ...optional('key'),
    ...optional('passphraseFile'),
    delegated: fields.flag('delegated'),
    bound: fields.flag('bound'),
    trust,
    rules: {
      days: fields.count('days', mostDays),
      end: fields.count('end', 24 * 60 - 1),
      zone,
      weekend: parseWeekdays(fields.text('weekend')),
      holidays: holidaysIn(fields),
      grace: fields.count('grace', mostGrace),
    },
  };
}

function holidaysIn(fields: Fields): DayRange[] {
  const holidays = fields.list('holidays').map((range) => {
    const [from, to] = [range.text('from'), range.text('to')];
    if (!isCalendarDay(from) || !isCalendarDay(to) || to < from) throw range.wrong('from');
    return { from, to };
  });
  if (holidays.length > mostHolidays) throw fields.wrong('holidays');
  return holidays;
}
