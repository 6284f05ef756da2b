import { hash } from 'node:crypto';
import type { TimeEvidence } from './floor.ts';
import { type HeldFile, type HeldSet, parseHeld, type TrustState } from './trust-state.ts';

/** Questions about sets of held files. */

/** True when the last refresh went through to its end. */
export function isSettled({ complete, newest }: TrustState): boolean {
  return complete.size > 0 && !differs(newest, complete);
}

/** True unless both sets hold the same files. */
export function differs(one: HeldSet, other: HeldSet): boolean {
  return one.size !== other.size || [...one].some(([role, file]) => other.get(role) !== file);
}

/** The held file of targets, or of a role that was verified under the targets that is held now. */
export function usableRole(files: HeldSet, role: string): HeldFile | undefined {
  const held = files.get(role);
  const targets = files.get('targets');
  if (role === 'targets' || held === undefined || targets === undefined) return held;
  return held.under === hash('sha256', targets.bytes) ? held : undefined;
}

/** Drops what was fetched for single questions and is not what the newest snapshot names. */
export function dropOutdated(files: Map<string, HeldFile>, source: string): void {
  const { meta } = parseHeld(files, 'snapshot', source);
  for (const [role, { version }] of files)
    if (!['root', 'timestamp', 'snapshot'].includes(role) && meta.get(`${role}.json`)?.version !== version)
      files.delete(role);
}

/** What the files say of the time at which they were signed, one statement for each signer. */
export function evidenceOf(files: HeldSet): TimeEvidence[] {
  const latest = new Map<string, number>();
  for (const { role, issued } of files.values()) {
    if (issued === undefined) continue;
    // One machine with one clock signs all online roles.
    const witness = role === 'root' || role === 'targets' || role === 'builds' ? role : 'online';
    latest.set(witness, Math.max(latest.get(witness) ?? 0, issued));
  }
  return [...latest].map(([witness, issued]) => ({ witness, issued }));
}
