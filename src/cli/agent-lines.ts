import type { Round } from '../agent/round.ts';
import type { AgentSettings } from '../agent/settings.ts';
import type { AgentStatus } from '../agent/status.ts';
import { formatSeconds } from '../base/units.ts';
import type { Words } from './command.ts';

/** A round as `--json` prints it. */
export type RoundShown = Omit<Round, 'failures'> & {
  readonly failures: readonly { readonly code: string; readonly message: string }[];
};

/** A round with sentences in the place of errors. */
export function shownRound({ failures, ...round }: Round): RoundShown {
  return { ...round, failures: failures.map(({ code, message }) => ({ code, message })) };
}

/** A round for people. */
export function roundLines(round: RoundShown, words: Words): string[] {
  const { asked, wait, server, lease, leaseEnds, stolen, update, activities = [], restarting, kept } = round;
  return [
    asked ? words.say('result-agent-asked') : words.say('result-agent-not-yet', { wait: waitText(wait) }),
    ...(server === undefined ? [] : [words.say('result-agent-server', { server })]),
    ...(lease === undefined ? [] : [words.say(`result-agent-lease-${lease}`)]),
    ...(leaseEnds === undefined ? [] : [words.say('result-agent-lease-ends', { ends: leaseEnds })]),
    ...(stolen ? [words.say('result-agent-stolen')] : []),
    ...(update === undefined
      ? []
      : [words.say(`result-agent-update-${update.result}`, { build: update.build })]),
    ...activities.map(({ home, result, updated }) =>
      words.say(`result-agent-activities-${result}`, {
        home,
        bundles: updated.map(({ id, to }) => `${id}-${to}`).join(', '),
      }),
    ),
    ...(kept === undefined ? [] : [words.say('result-keep', { build: kept })]),
    ...(restarting ? [words.say('result-agent-restarting')] : []),
  ];
}

/** Seconds for people: `31 h 05 min`, and what is shorter as everywhere. */
function waitText(seconds: number): string {
  if (seconds < 7200) return formatSeconds(seconds);
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** What the agent knows, for people. */
export function statusLines(status: AgentStatus, words: Words): string[] {
  const { lease, stolen, lastSuccess, wait, failures, failure, later, ready, leaseKeys, oatsKeys } = status;
  return [
    words.say('result-agent-status', { last: lastSuccess ?? '—', wait: waitText(wait), failures }),
    ...(failure === null ? [] : [failure]),
    ...(lease === null
      ? []
      : [words.say('result-agent-lease-ends', { ends: `${lease.ends} (${lease.state})` })]),
    ...(stolen ? [words.say('result-agent-stolen')] : []),
    ...(ready === null ? [] : [words.say('result-agent-update-ready', { build: ready })]),
    ...(later === null ? [] : [words.say('result-agent-later', later)]),
    words.say('result-agent-keys', { lease: leaseKeys.length, oats: oatsKeys.length }),
    ...settingsLines(status.settings, words),
  ];
}

/** Settings for people. */
export function settingsLines(settings: AgentSettings, words: Words): string[] {
  const {
    updates,
    activities,
    fetchHours,
    switchHours,
    days,
    restart,
    battery,
    metered,
    warnDays,
    notify,
    servers,
  } = settings;
  const onOff = (value: boolean) => (value ? 'on' : 'off');
  return [
    words.say('result-agent-settings', {
      updates: onOff(updates),
      activities: onOff(activities),
      fetch: fetchHours || '—',
      switch: switchHours || '—',
      days: days || '—',
      restart: onOff(restart),
      battery,
      metered,
    }),
    words.say('result-agent-settings-people', {
      days: warnDays,
      notify,
      servers: servers.length === 0 ? '—' : servers.join(', '),
    }),
  ];
}

/** What the agent only tells, beside what it could not fetch. */
const noFailures: ReadonlySet<string> = new Set([
  'place-not-found',
  'agent-server-refused',
  'agent-server-slow',
  'data-budget-spent',
  'client-too-old',
]);

/**
 * Links fail every day, and a build may want a newer client: that is no failure of the agent, and whoever starts it need
 * not be told.
 */
export function roundExitCode({ failures }: RoundShown): number {
  const isLink = (code: string) => code.startsWith('store-') || noFailures.has(code);
  return failures.every(({ code }) => isLink(code)) ? 0 : 1;
}
