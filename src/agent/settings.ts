import { defaultOatsNames, type OatsNames } from '../advice/oats-names.ts';
import { readOatsNames } from '../advice/oats-settings.ts';
import { Fields } from '../base/fields.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';
import { parseWindow } from '../plan/window.ts';
import { type AgentLayout, makeAgentFolder } from './layout.ts';
import type { MeteredSetting } from './metered.ts';

/** What an operator can set about the agent of a device; `satchel agent set` writes it. */
export type AgentSettings = {
  /** False: it looks after leases only. */
  readonly updates: boolean;
  /** False: activities of the homes of this device are not looked after. */
  readonly activities: boolean;
  /** Hours in which content is fetched, `22:00-06:00,12:30-13:30` in local time; empty: all day. */
  readonly fetchHours: string;
  /** Hours in which the next boot is switched to a version that has been fetched; empty: all day. */
  readonly switchHours: string;
  /** Days of both, `mon-fri`; empty: every day. */
  readonly days: string;
  /** True: after a switch the machine is started anew, within the hours of switching. */
  readonly restart: boolean;
  /** True: a clock that is behind is set by the signed time of a theft-deterrence server, never back. */
  readonly setClock: boolean;
  /** Percent that a battery must hold when there is no mains power. */
  readonly battery: number;
  readonly metered: MeteredSetting;
  /** Most bytes a second; 0: no limit. */
  readonly limitRate: number;
  /** So many days before the end of the lease its user is warned. */
  readonly warnDays: number;
  /** `wall`, `off`, or the path of a program that gets each sentence once, on its standard input. */
  readonly notify: string;
  /** Theft-deterrence servers that are asked after the school server and before the usual one. */
  readonly servers: readonly string[];
  /** What the fields of their answers are called. */
  readonly names: OatsNames;
};

/** What holds where nothing is set. */
export const defaultSettings: AgentSettings = {
  updates: true,
  activities: true,
  fetchHours: '',
  switchHours: '',
  days: '',
  restart: false,
  setClock: false,
  battery: 40,
  metered: 'auto',
  limitRate: 0,
  warnDays: 5,
  notify: 'wall',
  servers: [],
  names: defaultOatsNames,
};

const format = 1;

/** The largest values; a slip of the finger is no setting. */
export const mostSettings = { battery: 100, warnDays: 365, servers: 16 } as const;

/**
 * The settings of a device; what is not set there has its default. Throws `record-invalid`, `record-newer`,
 * `site-hours-not-understood`, `site-days-not-understood`.
 */
export function readAgentSettings({ settings: path }: AgentLayout): AgentSettings {
  const set = readFileIfThere(path);
  if (set === undefined) return defaultSettings;
  const fields = Fields.parse(set, path);
  fields.expectFormat('agent-settings', format);
  const flag = (name: 'updates' | 'activities' | 'restart' | 'setClock') =>
    fields.has(name) ? fields.flag(name) : defaultSettings[name];
  const text = (name: 'fetchHours' | 'switchHours' | 'days' | 'notify') =>
    fields.has(name) ? fields.text(name) : defaultSettings[name];
  const count = (name: 'battery' | 'warnDays' | 'limitRate', most?: number) =>
    fields.has(name) ? fields.count(name, most) : defaultSettings[name];
  const settings = {
    updates: flag('updates'),
    activities: flag('activities'),
    fetchHours: text('fetchHours'),
    switchHours: text('switchHours'),
    days: text('days'),
    restart: flag('restart'),
    setClock: flag('setClock'),
    battery: count('battery', mostSettings.battery),
    metered: fields.has('metered') ? meteredIn(fields) : defaultSettings.metered,
    limitRate: count('limitRate'),
    warnDays: count('warnDays', mostSettings.warnDays),
    notify: text('notify'),
    names: fields.has('names') ? readOatsNames(fields.record('names')) : defaultSettings.names,
    servers: fields.has('servers') ? fields.texts('servers').slice(0, mostSettings.servers) : [],
  };
  for (const hours of [settings.fetchHours, settings.switchHours])
    parseWindow({ hours, days: settings.days });
  return settings;
}

/** Replaces the settings atomically. */
export function writeAgentSettings(layout: AgentLayout, settings: AgentSettings): void {
  makeAgentFolder(layout);
  const record = { satchel: 'agent-settings', format, ...settings };
  writeFileAtomic(layout.settings, `${JSON.stringify(record, undefined, 2)}\n`);
}

function meteredIn(fields: Fields): MeteredSetting {
  const value = fields.text('metered');
  if (value !== 'auto' && value !== 'yes' && value !== 'no') throw fields.wrong('metered');
  return value;
}
