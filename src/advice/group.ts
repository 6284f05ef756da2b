import { deviceNumber, isInDeviceSet } from '../repository/device-set.ts';
import type { Group, Rollout } from '../repository/rollout-record.ts';
import type { AskingDevice } from './decision.ts';

/** Whether a device belongs to a group of a rollout with this salt. */
export function isInGroup(group: Group, salt: string, device: AskingDevice): boolean {
  const { identity, model, running } = device;
  if (identity !== undefined) {
    if (group.serials?.some((pattern) => matchesPattern(pattern, identity))) return true;
    if (group.devices !== undefined && isInDeviceSet(group.devices, deviceNumber(salt, identity)))
      return true;
  }
  if (model !== undefined && group.models?.some((pattern) => matchesPattern(pattern, model))) return true;
  return running !== undefined && (group.builds?.includes(running.build) ?? false);
}

/** Whether a device is one of those that stay untouched at first. */
export function isReserved({ salt, reserved }: Rollout, { identity }: AskingDevice): boolean {
  if (reserved === undefined || identity === undefined) return false;
  return isInDeviceSet(reserved.devices, deviceNumber(salt, identity));
}

/** True when the text is what the pattern says: `*` stands for any characters, `?` for one. */
export function matchesPattern(pattern: string, text: string): boolean {
  let at = 0;
  let inPattern = 0;
  // Where the last star was, and how far it reaches: only that one is ever tried again.
  let star = -1;
  let reached = 0;
  while (at < text.length) {
    if (pattern[inPattern] === '*') {
      star = inPattern;
      reached = at;
      inPattern += 1;
    } else if (pattern[inPattern] === '?' || pattern[inPattern] === text[at]) {
      inPattern += 1;
      at += 1;
    } else if (star !== -1) {
      reached += 1;
      at = reached;
      inPattern = star + 1;
    } else return false;
  }
  while (pattern[inPattern] === '*') inPattern += 1;
  return inPattern === pattern.length;
}
