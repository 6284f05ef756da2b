import { SatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import type { TrustPolicy } from './policy.ts';
import type { HeldFile, HeldSet } from './trust-state.ts';

/**
 * The expiry rules, a stated departure from TUF (docs/adr/0001-expiry-offline.md): a timestamp or snapshot that
 * has run out is used with a warning, because the device may hang on a stick that is renewed twice a year;
 * root, targets and what targets delegates to stop everything.
 */

/** A role whose metadata has run out and is used all the same. */
export type ExpiredRole = { readonly role: string; readonly expires: number };

/** Throws `root-expired` or `role-expired` when this file may not be used any more. */
export function requireUsable(
  file: Pick<HeldFile, 'role' | 'expires'>,
  now: number,
  policy: TrustPolicy,
  source: string,
): void {
  const { role, expires } = file;
  if (now < expires || (!policy.strictExpiry && isOnlyWarned(role))) return;
  const parameters = { role, source, expires: recordTime(expires), now: recordTime(now) };
  throw new SatchelError(role === 'root' ? 'root-expired' : 'role-expired', parameters);
}

/** Judges a whole set: throws for what stops, returns what is only warned of. */
export function judge(files: HeldSet, now: number, policy: TrustPolicy, source: string): ExpiredRole[] {
  for (const file of files.values()) requireUsable(file, now, policy, source);
  return [...files.values()]
    .filter(({ expires }) => now >= expires)
    .map(({ role, expires }) => ({ role, expires }));
}

/** The earliest expiry among what is signed offline: no other signer can make that moment pass. */
export function earliestOfflineExpiry(files: HeldSet): number {
  const times = ['root', 'targets', 'builds'].map(
    (role) => files.get(role)?.expires ?? Number.POSITIVE_INFINITY,
  );
  return Math.min(...times);
}

/**
 * Roles that would have run out if the newest online signature told the right time, and have not by the clock:
 * either this device's clock is behind, or the origin's is ahead.
 */
export function doubtfulExpiry(files: HeldSet, now: number): ExpiredRole[] {
  const claimed = Math.max(files.get('timestamp')?.issued ?? 0, files.get('snapshot')?.issued ?? 0);
  return ['root', 'targets', 'builds'].flatMap((role) => {
    const expires = files.get(role)?.expires;
    return expires !== undefined && now < expires && claimed >= expires ? [{ role, expires }] : [];
  });
}

function isOnlyWarned(role: string): boolean {
  return role === 'timestamp' || role === 'snapshot';
}
