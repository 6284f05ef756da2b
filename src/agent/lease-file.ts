/**
 * The lease of this laptop, in the file that its firmware and its initramfs read (facts, 7.5 and 7.6): they take the first
 * line for their serial number, and when that one is no good the laptop stays locked. So the file gets one line, which
 * has been checked as the firmware will, and never a worse one than it has.
 */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { isSatchelError } from '../base/errors.ts';
import { timeOf } from '../lease/laptop.ts';
import { type Permission, parseRecord, verifyRecord } from '../lease/records.ts';
import { syncDirectory, writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { LaptopTrust } from './lease-keys.ts';

/** A lease as far as this device can tell. */
export type JudgedLease = {
  /** `unchecked`: by a key that is not known here, though the firmware may know it. */
  readonly state: 'good' | 'unchecked' | 'bad';
  /** When it ends, milliseconds since 1970; infinite for never, 0 when it makes no sense. */
  readonly ends: number;
  readonly line: string;
  /** Whom it is signed by: the last digits of the first key. */
  readonly signer: string;
};

/** What became of a lease that a server gave. */
export type LeaseTaken = 'stored' | 'kept' | 'refused';

/**
 * The line of a lease file that the firmware goes by; undefined when none is for this laptop. What cannot be read is no
 * good to the firmware either, and is replaced as soon as another comes.
 */
export function heldLease(path: string, trust: LaptopTrust): JudgedLease | undefined {
  try {
    const text = readFileIfThere(path)?.toString('latin1') ?? '';
    return linesFor(text, trust).map((line) => judgeLease(line, trust))[0];
  } catch (error) {
    if (!isSatchelError(error)) throw error;
    return trust.serial === undefined ? undefined : { state: 'bad', ends: 0, line: '', signer: '' };
  }
}

/**
 * How leases are judged that a server gave. `canTrustUnchecked`: it has signed them, so that they are taken without
 * knowing the key where there is nothing to lose: no lease that goes on, or one by the same key.
 */
export type OfferOptions = { readonly now: number; readonly canTrustUnchecked: boolean };

/** Stores the best lease among these lines if it is better than what is there. */
export function takeLease(
  path: string,
  lines: string,
  trust: LaptopTrust,
  options: OfferOptions,
): LeaseTaken {
  const offer = judgeOffer(path, lines, trust, options);
  if (typeof offer === 'string') return offer;
  writeFileAtomic(path, `${offer.line}\n`);
  return 'stored';
}

/** The best lease among these lines if it is better than what is there, else what becomes of them. */
export function judgeOffer(
  path: string,
  lines: string,
  trust: LaptopTrust,
  { now, canTrustUnchecked }: OfferOptions,
): JudgedLease | 'kept' | 'refused' {
  const held = heldLease(path, trust);
  const hasLost = held === undefined || held.state === 'bad' || held.ends < now;
  const offered = linesFor(lines, trust)
    .map((line) => judgeLease(line, trust))
    .filter(({ state, ends, signer }) => {
      if (ends < now || state === 'bad') return false;
      return state === 'good' || (canTrustUnchecked && (hasLost || held.signer === signer));
    })
    .sort((one, other) => rank(other) - rank(one) || descending(one.ends, other.ends));
  const [best] = offered;
  if (best === undefined) return 'refused';
  return !hasLost && held.ends >= best.ends ? 'kept' : best;
}

/** True when there is a lease of this laptop among these lines, whoever signed it. */
export function isLeaseFor(lines: string, trust: Pick<LaptopTrust, 'serial'>): boolean {
  return linesFor(lines, trust).length > 0;
}

/** Puts the lease where no firmware looks, so that the laptop does not start again. True when there was one. */
export function putLeaseAside(path: string, aside: string): boolean {
  if (!existsSync(path)) return false;
  withSystemErrors('rename', path, () => renameSync(path, aside));
  syncDirectory(dirname(path));
  return true;
}

/** Brings back what was put aside, unless there is a lease again. True when it was brought back. */
export function bringLeaseBack(path: string, aside: string): boolean {
  if (!existsSync(aside)) return false;
  const isFree = !existsSync(path);
  withSystemErrors('rename', aside, () => (isFree ? renameSync(aside, path) : rmSync(aside)));
  syncDirectory(dirname(path));
  return isFree;
}

/** Leases of this laptop, whatever else there is: other laptops, developer keys, delegations. */
function linesFor(text: string, { serial }: Pick<LaptopTrust, 'serial'>): string[] {
  if (serial === undefined) return [];
  return text.split('\n').filter((line) => line.startsWith(`act01: ${serial} `));
}

function judgeLease(line: string, trust: LaptopTrust): JudgedLease {
  const bad = { state: 'bad', ends: 0, line, signer: '' } as const;
  try {
    const record = parseRecord(line);
    if (record.type !== 'act01') return bad;
    const { serial, uuid, leaseKeys: keys } = trust;
    const common = { line, signer: signerOf(record) };
    if (serial === undefined || uuid === undefined || keys.length === 0)
      return { ...common, state: 'unchecked', ends: timeOf(record.expiry) };
    try {
      // Whether it has ended is for the caller to say: this is about who signed it.
      return {
        ...common,
        state: 'good',
        ends: verifyRecord(record, { laptop: { serial, uuid }, keys, now: 0 }),
      };
    } catch (error) {
      if (isSatchelError(error, 'lease-key-unknown'))
        return { ...common, state: 'unchecked', ends: timeOf(record.expiry) };
      throw error;
    }
  } catch (error) {
    if (isSatchelError(error)) return bad;
    throw error;
  }
}

function signerOf({ signature }: Permission): string {
  return signature.form === 'sig01' ? signature.line.keyId : (signature.groups[0]?.key ?? '').slice(-64);
}

function rank({ state }: JudgedLease): number {
  return state === 'good' ? 1 : 0;
}

/** Infinite times are no numbers to subtract. */
function descending(one: number, other: number): number {
  return one === other ? 0 : one < other ? 1 : -1;
}
