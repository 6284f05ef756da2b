import type { Rollout } from '../repository/rollout-record.ts';

/**
 * True when something of a rollout has come since the newest timestamp was signed (milliseconds): a step, its first
 * day, the end of quiet time or of what is reserved. Devices judge by the time of that signature, so it must be made
 * again.
 */
export function isSignatureBehind(
  rollout: Rollout,
  { issued, now }: { readonly issued: number; readonly now: number },
): boolean {
  return milestones(rollout).some((time) => issued < time && time <= now);
}

function milestones({ began, steps, notBefore, quiet = [], paused, reserved }: Rollout): number[] {
  const from = Date.parse(began);
  // Time stands still while it is paused, but for what has a date of its own.
  const relative = [...steps.map(({ after }) => after), ...(reserved ? [reserved.until] : [])];
  return [
    ...(paused === undefined ? relative.map((after) => from + after * 1000) : []),
    ...(notBefore === undefined ? [] : [Date.parse(notBefore)]),
    ...quiet.flatMap((time) => [Date.parse(time.from), Date.parse(time.to)]),
  ];
}
