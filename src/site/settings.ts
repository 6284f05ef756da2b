import { isSatchelError, SatchelError } from '../base/errors.ts';
import { Fields } from '../base/fields.ts';
import { type StreamName, streamName } from '../base/identifiers.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';
import type { SiteLayout } from './layout.ts';

/** What a site is and what its operator settled; `satchel site join` and `satchel site set` write it. */
export type SiteSettings = {
  /** 16 hex digits, random, made when the site joined; it stays the same for ever. */
  readonly id: string;
  /** What people call the site: see {@link isSiteName}. */
  readonly name: string;
  /** Where everything comes from: an address (`https://…`) or a directory. */
  readonly upstream: string;
  /** The secret that the upstream gave at joining, for what the site tells it. */
  readonly credential?: string;
  /** Streams to mirror; none: only what devices ask for is fetched. */
  readonly follow: readonly StreamName[];
  /** Hours of the day in local time in which mirroring may run: `22:00-06:00,12:00-13:00`; empty: always. */
  readonly hours: string;
  /** Days on which it may run: `mon-fri,sun`; empty: every day. */
  readonly days: string;
  /** Most bytes a second for mirroring in the background; what devices wait for is not held back. */
  readonly bytesPerSecond?: number;
  /** Most bytes that may come through the link in a month, whatever for. */
  readonly monthlyBytes?: number;
  /** Bytes of disk that the site may take: repository, what is being received, and all that is for rsync clients. */
  readonly budget: number;
  /** Bytes of the file system that stay free. */
  readonly reserve: number;
  /** Seconds for which the upstream is not asked again whether there is news. */
  readonly fresh: number;
};

/** What holds at a site of which nothing else was said. */
export const defaultSiteSettings = {
  follow: [],
  hours: '',
  days: '',
  budget: 16 * 1024 ** 3,
  reserve: 1024 ** 3,
  fresh: 30,
} as const satisfies Partial<SiteSettings>;

const format = 1;

/** The longest that news may be left unasked for: a week. */
export const mostFresh = 7 * 24 * 3600;

/** True for what people may call a site: letters, digits, dots, underscores and hyphens, up to 64. */
export function isSiteName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name);
}

/** True for the id of a site: 16 hex digits. */
export function isSiteId(id: string): boolean {
  return /^[0-9a-f]{16}$/.test(id);
}

/** The settings of a site. Throws `site-not-joined`, `site-settings-damaged`, `site-settings-newer`. */
export function readSiteSettings({ settings: path, repository }: SiteLayout): SiteSettings {
  const bytes = readFileIfThere(path);
  if (bytes === undefined) throw new SatchelError('site-not-joined', { repository });
  try {
    return parseSettings(Fields.parse(bytes, path));
  } catch (error) {
    if (isSatchelError(error, 'record-newer'))
      throw new SatchelError('site-settings-newer', { ...error.parameters, path }, { cause: error });
    if (isSatchelError(error, 'record-invalid', 'name-not-allowed'))
      throw new SatchelError(
        'site-settings-damaged',
        { path, field: error.parameters.field ?? error.parameters.name ?? '' },
        { cause: error },
      );
    throw error;
  }
}

/** Replaces the settings atomically; only their owner may read them, since the credential is in them. */
export function writeSiteSettings({ settings: path }: SiteLayout, settings: SiteSettings): void {
  const record = { satchel: 'site-settings', format, ...settings };
  writeFileAtomic(path, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
}

function parseSettings(fields: Fields): SiteSettings {
  fields.expectFormat('site-settings', format);
  const checked = (name: string, isRight: (value: string) => boolean): string => {
    const text = fields.text(name);
    if (!isRight(text)) throw fields.wrong(name);
    return text;
  };
  const countOr = (name: 'budget' | 'reserve' | 'fresh', most?: number) =>
    fields.has(name) ? fields.count(name, most) : defaultSiteSettings[name];
  const textOr = (name: 'hours' | 'days') => (fields.has(name) ? fields.text(name) : '');
  const optional = (name: 'bytesPerSecond' | 'monthlyBytes') =>
    fields.has(name) ? { [name]: fields.count(name) } : {};
  return {
    id: checked('id', isSiteId),
    name: checked('name', isSiteName),
    upstream: checked('upstream', (text) => text !== ''),
    ...(fields.has('credential')
      ? { credential: checked('credential', (text) => /^[\x21-\x7e]{1,512}$/.test(text)) }
      : {}),
    follow: fields.has('follow') ? fields.texts('follow').map(streamName) : defaultSiteSettings.follow,
    hours: textOr('hours'),
    days: textOr('days'),
    ...optional('bytesPerSecond'),
    ...optional('monthlyBytes'),
    budget: countOr('budget'),
    reserve: countOr('reserve'),
    fresh: countOr('fresh', mostFresh),
  };
}
