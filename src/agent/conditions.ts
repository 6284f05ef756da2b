import type { OatsPriority } from '../advice/oats-answer.ts';
import { isOpen, parseWindow } from '../plan/window.ts';
import type { Power } from './power.ts';
import type { Quiet } from './quiet.ts';
import type { AgentSettings } from './settings.ts';

/** What the surroundings of a device are like at a moment. */
export type Conditions = {
  readonly quiet?: Quiet | undefined;
  readonly power: Power;
  readonly isMetered: boolean;
  /** Milliseconds since 1970, by which the hours are told; undefined where the clock is known to be wrong. */
  readonly time: number | undefined;
};

/**
 * Why something is done later; each is the end of a code `agent-later-…`. `pause`: it has taken hours, and goes on in the
 * next round.
 */
export type Later = 'lesson' | 'battery' | 'metered' | 'hours' | 'pause';

/** Why content is not fetched now; undefined: it may be. */
export function whyFetchLater(conditions: Conditions, settings: AgentSettings): Later | undefined {
  if (conditions.quiet !== undefined) return 'lesson';
  if (isBatteryLow(conditions, settings)) return 'battery';
  if (conditions.isMetered) return 'metered';
  return isWithin(settings.fetchHours, conditions, settings) ? undefined : 'hours';
}

/** Why a version that is there is not switched to now; undefined: it may be. Nothing is fetched for it. */
export function whySwitchLater(conditions: Conditions, settings: AgentSettings): Later | undefined {
  if (conditions.quiet !== undefined) return 'lesson';
  if (isBatteryLow(conditions, settings)) return 'battery';
  return isWithin(settings.switchHours, conditions, settings) ? undefined : 'hours';
}

/**
 * Why advice of a theft-deterrence server is followed later; undefined: now. `low` waits for mains power, `high` for no
 * hours and no cheaper link.
 */
export function whyAdviceLater(
  priority: OatsPriority,
  conditions: Conditions,
  settings: AgentSettings,
): Later | undefined {
  if (priority === 'low' && !conditions.power.isMains) return 'battery';
  const why = whyFetchLater(conditions, settings) ?? whySwitchLater(conditions, settings);
  const isUrgent = priority === 'high' && (why === 'hours' || why === 'metered');
  return isUrgent ? undefined : why;
}

/** A battery that does not tell what it holds counts as full: else such a laptop would never be updated unplugged. */
function isBatteryLow({ power }: Conditions, { battery }: AgentSettings): boolean {
  return !power.isMains && (power.battery ?? 100) < battery;
}

/** By a wrong clock it might never be the hour. */
function isWithin(hours: string, { time }: Conditions, { days }: AgentSettings): boolean {
  return time === undefined || isOpen(parseWindow({ hours, days }), time);
}
