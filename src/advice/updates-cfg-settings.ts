import { SatchelError } from '../base/errors.ts';
import { isBuildName, isSha256, type Sha256 } from '../base/identifiers.ts';
import type { OatsPriority } from './oats-answer.ts';

/** What an entry says beside the hash in its heading. */
export type UpdateSettings = {
  readonly name?: string;
  readonly priority?: OatsPriority;
  /** Where old clients get it. */
  readonly updatePath?: string;
  /** Only laptops that run one of these. */
  readonly from?: ReadonlySet<Sha256>;
  /** Only laptops on one of these streams. */
  readonly streams?: readonly string[];
  /** Only these models; `*` and `?` stand for others. */
  readonly models?: readonly string[];
  /** Only these serial numbers; `*` and `?` stand for others. */
  readonly serials?: readonly string[];
  /** Milliseconds since 1970. */
  readonly notBefore?: number;
  /** How many of 10000 laptops. */
  readonly share?: number;
  /** Also for laptops that run something that is not in the file. */
  readonly offerUnknown?: boolean;
};

/** The settings that an entry may have. */
export const updateSettingNames = [
  'name',
  'priority',
  'update_path',
  'from',
  'stream',
  'model',
  'serials',
  'not_before',
  'percent',
  'offer_unknown',
] as const;

type Given = { readonly line: number; readonly value: string };
type Reader = (value: string) => UpdateSettings | undefined;

const readers: Readonly<Record<(typeof updateSettingNames)[number], Reader>> = {
  name: (value) => (isBuildName(value) ? { name: value } : undefined),
  priority: (value) => (isPriority(value) ? { priority: value } : undefined),
  update_path: (value) => (/^[!#-&(-~]{1,1024}$/.test(value) ? { updatePath: value } : undefined),
  from: (value) => listed(value.toLowerCase(), isSha256, (hashes) => ({ from: new Set(hashes) })),
  stream: (value) => listed(value, isBuildName, (streams) => ({ streams })),
  // Names of models hold spaces, so only commas part them.
  model: (value) => listed(value, isModel, (models) => ({ models }), /,/),
  serials: (value) => listed(value.toUpperCase(), isSerialPattern, (serials) => ({ serials })),
  not_before: (value) => {
    const notBefore = timeOf(value);
    return notBefore === undefined ? undefined : { notBefore };
  },
  percent: (value) => {
    const [, digits] = /^(\d{1,3}(?:\.\d{1,2})?)\s*%?$/.exec(value) ?? [];
    const share = Math.round(Number(digits) * 100);
    return share <= 10_000 ? { share } : undefined;
  },
  offer_unknown: (value) => {
    const word = value.toLowerCase();
    if (['yes', 'true', 'on', '1'].includes(word)) return { offerUnknown: true };
    return ['no', 'false', 'off', '0'].includes(word) ? { offerUnknown: false } : undefined;
  },
};

/** Reads one setting. Throws `updates-cfg-unknown`, `updates-cfg-value`. */
export function readUpdateSetting(setting: string, { line, value }: Given, path: string): UpdateSettings {
  if (!isKnown(setting))
    throw new SatchelError('updates-cfg-unknown', { path, line, setting: setting.slice(0, 80) });
  const read = readers[setting](value);
  if (read === undefined)
    throw new SatchelError('updates-cfg-value', { path, line, setting, value: value.slice(0, 80) });
  return read;
}

function isKnown(setting: string): setting is (typeof updateSettingNames)[number] {
  return (updateSettingNames as readonly string[]).includes(setting);
}

function isPriority(value: string): value is OatsPriority {
  return value === 'low' || value === 'normal' || value === 'high';
}

function isModel(value: string): boolean {
  return /^[\p{L}\p{N} ._*?/+-]{1,128}$/u.test(value);
}

function isSerialPattern(value: string): boolean {
  return /^[A-Z0-9*?]{1,11}$/.test(value);
}

const mostItems = 10_000;

/** Reads a list, of which every item must be right and there must be one. */
function listed<Item extends string>(
  value: string,
  isRight: ((item: string) => item is Item) | ((item: string) => boolean),
  settings: (items: readonly Item[]) => UpdateSettings,
  between: RegExp = /[\s,;]+/,
): UpdateSettings | undefined {
  const items = value
    .split(between)
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (items.length === 0 || items.length > mostItems || !items.every((item) => isRight(item)))
    return undefined;
  return settings(items as Item[]);
}

/** A day or a time in UTC: `2026-01-31`, `2026-01-31 06:00`, `2026-01-31T06:00:00Z`, `20260131T060000Z`. */
function timeOf(value: string): number | undefined {
  const pattern = /^(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d))?Z?)?$/;
  const [all, year, month, day, hour = '00', minute = '00', second = '00'] = pattern.exec(value) ?? [];
  if (all === undefined) return undefined;
  const text = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const time = Date.parse(text);
  // Date takes the 30th of February for a day in March.
  return Number.isNaN(time) || new Date(time).toISOString() !== text ? undefined : time;
}
