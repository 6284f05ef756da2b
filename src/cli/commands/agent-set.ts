import { existsSync } from 'node:fs';
import { withOatsNames } from '../../advice/oats-settings.ts';
import { agentLayout, requireAgentInside } from '../../agent/layout.ts';
import { setKeys } from '../../agent/lease-keys.ts';
import { oatsServer } from '../../agent/oats-servers.ts';
import {
  type AgentSettings,
  mostSettings,
  readAgentSettings,
  writeAgentSettings,
} from '../../agent/settings.ts';
import { SatchelError } from '../../base/errors.ts';
import { deviceLayout, initialiseDevice, requireDevice } from '../../device/layout.ts';
import { readPublicKey } from '../../lease/key-files.ts';
import { parseWindow } from '../../plan/window.ts';
import { settingsLines } from '../agent-lines.ts';
import { defineCommand, type Parser } from '../command.ts';
import { type OatsFieldName, oatsField } from '../oats-values.ts';
import { repeated, value } from '../option-kinds.ts';
import { localPath, oneOf, rate } from '../options.ts';
import { wholeNumber } from '../rsync-values.ts';
import { root } from '../shared-options.ts';

const isAlways = (given: string) => given.trim().toLowerCase() === 'always';

/** Hours, or the word `always`, which is empty. */
const hours: Parser<string> = (given) => {
  if (isAlways(given)) return '';
  parseWindow({ hours: given, days: '' });
  return given.trim();
};

/** Days of the week, or the word `always`, which is empty. */
const days: Parser<string> = (given) => {
  if (isAlways(given)) return '';
  parseWindow({ hours: '', days: given });
  return given.trim();
};

/** Bytes a second; 0 for the word `none`. */
const rateOrNone: Parser<number> = (given, label) =>
  given.trim().toLowerCase() === 'none' ? 0 : rate(given, label);

const notify: Parser<string> = (given, label) => {
  if (given === 'wall' || given === 'off' || given.startsWith('/')) return given;
  throw new SatchelError('agent-notify-not-understood', { value: given.slice(0, 200), option: label });
};

/** The address of a server; empty for the word `none`. */
const server: Parser<string> = (given, label) => {
  const address = given.trim() === 'none' ? '' : oatsServer(given);
  if (address !== undefined) return address;
  throw new SatchelError('agent-server-not-understood', { value: given.slice(0, 200), option: label });
};

/** A file with a public key; empty for the word `none`. */
const publicKey: Parser<string> = (given, label) => {
  if (given.trim() === 'none') return '';
  const path = localPath(given, label);
  readPublicKey(path);
  return path;
};

const onOff = oneOf('on', 'off');

/** `satchel agent set`: what the agent of a device does and when; one that runs follows in its next round. */
export const agentSetCommand = defineCommand({
  arguments: {},
  options: {
    root,
    updates: value('option-agent-updates', 'on|off', onOff),
    activities: value('option-agent-activities', 'on|off', onOff),
    fetchHours: value('option-agent-fetch-hours', 'HOURS|always', hours),
    switchHours: value('option-agent-switch-hours', 'HOURS|always', hours),
    days: value('option-agent-days', 'DAYS|always', days),
    restart: value('option-agent-restart', 'on|off', onOff),
    setClock: value('option-agent-set-clock', 'on|off', onOff),
    battery: value('option-agent-battery', 'PERCENT', wholeNumber(mostSettings.battery)),
    metered: value('option-agent-metered', 'auto|yes|no', oneOf('auto', 'yes', 'no')),
    limitRate: value('option-agent-limit-rate', 'RATE|none', rateOrNone),
    warnDays: value('option-agent-warn-days', 'N', wholeNumber(mostSettings.warnDays)),
    notify: value('option-agent-notify', 'wall|off|FILE', notify),
    server: repeated('option-agent-server', 'HOST|none', server),
    field: repeated('option-oats-field', 'FIELD=NAME', oatsField),
    leaseKey: repeated('option-agent-lease-key', 'FILE|none', publicKey),
    oatsKey: repeated('option-agent-oats-key', 'FILE|none', publicKey),
  },
  async run({ options }) {
    const {
      root: given,
      updates,
      activities,
      restart,
      setClock,
      server: servers,
      leaseKey,
      oatsKey,
    } = options;
    const { fetchHours, switchHours, days, battery, metered, limitRate, warnDays, notify } = options;
    const change = {
      ...{ fetchHours, switchHours, days, battery, metered, limitRate, warnDays, notify },
      updates: isOn(updates),
      activities: isOn(activities),
      restart: isOn(restart),
      setClock: isOn(setClock),
      servers: listOf(servers),
    };
    const keys = { leaseKeys: listOf(leaseKey), oatsKeys: listOf(oatsKey) };
    if (options.field.length === 0 && [...Object.values(change), ...Object.values(keys)].every(isUndefined))
      throw new SatchelError('one-option-needed', { options: optionNames });
    // A laptop that old servers update has versions and nothing of ours yet.
    const isVersioned = existsSync(deviceLayout(given).pristine);
    const layout = isVersioned ? initialiseDevice(given) : deviceLayout(given);
    requireDevice(layout);
    requireAgentInside(layout);
    const files = agentLayout(layout);
    const before = readAgentSettings(files);
    const settings = changed(before, { ...change, names: namesAfter(before, options.field) });
    writeAgentSettings(files, settings);
    if (keys.leaseKeys !== undefined) setKeys(layout, 'leaseKeys', keys.leaseKeys);
    if (keys.oatsKeys !== undefined) setKeys(layout, 'oatsKeys', keys.oatsKeys);
    return { root: layout.root, ...settings };
  },
  show: settingsLines,
});

const optionNames =
  '--updates, --activities, --fetch-hours, --switch-hours, --days, --restart, --set-clock, --battery, --metered, --limit-rate, --warn-days, --notify, --server, --field, --lease-key, --oats-key';

const isOn = (word: 'on' | 'off' | undefined) => (word === undefined ? undefined : word === 'on');

const isUndefined = (one: unknown) => one === undefined;

/** Throws `oats-field-not-possible`. */
function namesAfter({ names }: AgentSettings, given: readonly OatsFieldName[]): AgentSettings['names'] {
  const after = withOatsNames(names, given);
  if (after !== undefined) return after;
  const value = given.map(({ kind, name }) => `${kind}=${name}`).join(' ');
  throw new SatchelError('oats-field-not-possible', { value });
}

/** What was given, without the word `none`; undefined where nothing was. */
function listOf(given: readonly string[]): readonly string[] | undefined {
  return given.length === 0 ? undefined : given.filter((one) => one !== '');
}

type Change = { readonly [Name in keyof AgentSettings]?: AgentSettings[Name] | undefined };

function changed(before: AgentSettings, change: Change): AgentSettings {
  const given = Object.entries(change).filter(([, one]) => one !== undefined);
  return { ...before, ...(Object.fromEntries(given) as Partial<AgentSettings>) };
}
