import type { KeyObject } from 'node:crypto';
import { SatchelError } from '../base/errors.ts';
import { isLaptopTime, isSerial, type Laptop, type LaptopTime, type Serial, timeOf } from './laptop.ts';
import {
  keyMessage,
  longestLine,
  parseChain,
  type SignatureChain,
  serialiseChain,
  verifyChain,
} from './signature-chain.ts';

/** Permission to run (`act01`) or to run anything (`dev01`), until a time. */
export type Permission = {
  readonly type: 'act01' | 'dev01';
  readonly serial: Serial;
  /** One printable character: `K` in leases, `A` in developer keys; it is signed and means nothing more to us. */
  readonly disposition: string;
  readonly expiry: LaptopTime;
  readonly signature: SignatureChain;
};

/** Permission to set a clock that was turned back (`rtc01`). */
export type ClockReset = {
  readonly type: 'rtc01';
  readonly serial: Serial;
  /** What the clock says. */
  readonly current: LaptopTime;
  /** How often the laptop has kept its time so far: ten digits. */
  readonly count: string;
  /** What the clock is to say. */
  readonly next: LaptopTime;
  readonly signature: SignatureChain;
};

/** Permission of another key to sign for a laptop (`del01`). */
export type Delegation = {
  readonly type: 'del01';
  readonly serial: Serial;
  readonly uuid: Laptop['uuid'];
  readonly signature: SignatureChain & { readonly form: 'sig02' };
};

/** A signed line of one laptop. */
export type LaptopRecord = Permission | ClockReset | Delegation;

const permissionPattern = /^(act01|dev01): (\S{11}) ([!-9;-~]) (\S{16}) (sig0[12]: .*)$/;
const clockResetPattern = /^rtc01: (\S{11}) (\S{16}) (\d{10}) (\S{16}) (sig0[12]: .*)$/;
const delegationPattern = /^del01: (\S{11}) ([0-9A-F-]{36}) (sig02: .*)$/;

/** Reads a line without its line feed. Throws `lease-line-invalid`, `signature-line-invalid`. */
export function parseRecord(line: string): LaptopRecord {
  if (line.length > longestLine) throw invalid(line);
  const record = parsePermission(line) ?? parseClockReset(line) ?? parseDelegation(line);
  if (record === undefined) throw invalid(line);
  return record;
}

function parsePermission(line: string): Permission | undefined {
  const [, type, serial = '', disposition = '', expiry = '', signature = ''] =
    permissionPattern.exec(line) ?? [];
  if (type === undefined || !isSerial(serial) || !isLaptopTime(expiry)) return undefined;
  const kind = type === 'act01' ? 'act01' : 'dev01';
  return { type: kind, serial, disposition, expiry, signature: parseChain(signature) };
}

function parseClockReset(line: string): ClockReset | undefined {
  const [, serial = '', current = '', count = '', next = '', signature = ''] =
    clockResetPattern.exec(line) ?? [];
  if (!isSerial(serial) || !isLaptopTime(current) || !isLaptopTime(next)) return undefined;
  return { type: 'rtc01', serial, current, count, next, signature: parseChain(signature) };
}

function parseDelegation(line: string): Delegation | undefined {
  const [, serial = '', uuid = '', text = ''] = delegationPattern.exec(line) ?? [];
  if (!isSerial(serial)) return undefined;
  const signature = parseChain(text);
  if (signature.form !== 'sig02') return undefined;
  return { type: 'del01', serial, uuid: uuid as Laptop['uuid'], signature };
}

/** The line of a record, without line feed. */
export function serialiseRecord(record: LaptopRecord): string {
  const signature = serialiseChain(record.signature);
  switch (record.type) {
    case 'rtc01':
      return `rtc01: ${record.serial} ${record.current} ${record.count} ${record.next} ${signature}`;
    case 'del01':
      return `del01: ${record.serial} ${record.uuid} ${signature}`;
    default:
      return `${record.type}: ${record.serial} ${record.disposition} ${record.expiry} ${signature}`;
  }
}

/** What is signed under a lease or a developer key. */
export function permissionMessage(
  { serial, uuid }: Laptop,
  { disposition, expiry }: Pick<Permission, 'disposition' | 'expiry'>,
): string {
  return `${serial}:${uuid}:${disposition}:${expiry}`;
}

/** What is signed under a reset of the clock. */
export function clockResetMessage(
  { serial, uuid }: Laptop,
  { current, count, next }: Pick<ClockReset, 'current' | 'count' | 'next'>,
): string {
  return `${serial}:${uuid}:${current}:${count}:${next}`;
}

/** Whose record it must be, whom they trust, and when it is (milliseconds since 1970). */
export type RecordTrust = {
  readonly laptop: Laptop;
  readonly keys: readonly KeyObject[];
  readonly now: number;
};

/**
 * Checks a lease, a developer key or a reset of the clock as the laptop does. Returns when it ends, milliseconds since
 * 1970. Throws `lease-of-another`, `lease-expired`, `lease-key-unknown`, `lease-signature-wrong`,
 * `lease-signature-expired`.
 */
export function verifyRecord(record: Permission | ClockReset, trust: RecordTrust): number {
  const { laptop, keys, now } = trust;
  const { serial } = laptop;
  if (record.serial !== serial) throw new SatchelError('lease-of-another', { serial, found: record.serial });
  const message =
    record.type === 'rtc01' ? clockResetMessage(laptop, record) : permissionMessage(laptop, record);
  const signedUntil = verifyChain(record.signature, message, { keys, serial, now });
  const ends = record.type === 'rtc01' ? Number.POSITIVE_INFINITY : timeOf(record.expiry);
  if (ends < now) throw new SatchelError('lease-expired', { serial, expiry: expiryOf(record) });
  return Math.min(signedUntil, ends);
}

function expiryOf(record: Permission | ClockReset): string {
  return record.type === 'rtc01' ? '' : record.expiry;
}

function invalid(line: string): SatchelError {
  return new SatchelError('lease-line-invalid', { line: line.slice(0, 80) });
}

/**
 * Checks that a delegation lets a key sign for a laptop. Returns when it ends. Throws as {@link verifyRecord} does.
 */
export function verifyDelegation(
  record: Delegation,
  to: KeyObject,
  { laptop, keys, now }: RecordTrust,
): number {
  const { serial, uuid } = laptop;
  if (record.serial !== serial || record.uuid !== uuid)
    throw new SatchelError('lease-of-another', { serial, found: record.serial });
  return verifyChain(record.signature, keyMessage(to), { keys, serial, now });
}
