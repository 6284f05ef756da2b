/** What people write about laptops and leases on the command line. */
import { createReadStream, readFileSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import { type Laptop, type LaptopTime, laptop, laptopTime, never, timeOf } from '../lease/laptop.ts';
import type { LaptopTable } from '../lease/laptop-table.ts';
import { readLaptopTable } from '../lease/laptops.ts';
import { mostDays } from '../lease/office-settings.ts';
import { isForeignSigner } from '../lease/signer.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { Parser } from './command.ts';
import { repeated, required, restArguments, value } from './option-kinds.ts';
import { count, date, localPath } from './options.ts';
import { wholeNumber } from './rsync-values.ts';

/** A time up to the second, or `never`. */
export const until: Parser<LaptopTime> = (given, label) =>
  given.trim() === 'never' ? never : laptopTime(date(given, label) * 1000);

/** Options of commands that are about laptops. */
export const laptopOptions = {
  laptops: value('option-laptops', 'FILE', localPath),
} as const;

/** A private key: a file, `pkcs11:…` or `command:…`. */
export const signerReference: Parser<string> = (given, label) =>
  isForeignSigner(given) ? given : localPath(given, label);

/** Options of commands that sign. */
export const signingOptions = {
  key: required('option-lease-key', 'KEY', signerReference),
  passphraseFile: value('option-passphrase-file', 'FILE', localPath),
} as const;

/** Days that a lease or a delegation lasts: one of no day would end before it begins. */
export const leaseDays: Parser<number> = (given, label) =>
  wholeNumber(mostDays)(String(count(given, label)), label);

/** Throws `lease-over-already` for an end that has passed. */
export function requireToCome(until: LaptopTime, clock: Clock): void {
  if (timeOf(until) <= clock())
    throw new SatchelError('lease-over-already', { until, now: recordTime(clock()) });
}

/** `--trust FILE…`: the public keys that the laptops have. */
export const trustedKeys = repeated('option-lease-trust', 'FILE', localPath);

/** `SERIAL:UUID…` */
export const laptopArguments = restArguments('argument-laptop', 'SERIAL:UUID', (given) => laptop(given));

/** The laptops of a call. Throws `lease-laptops-needed`, `laptops-line-wrong`, and what reading throws. */
export function laptopsOf(file: string | undefined, named: readonly Laptop[]): LaptopTable {
  const laptops = readLaptopTable(file, named);
  if (laptops.length === 0) throw new SatchelError('lease-laptops-needed');
  return laptops;
}

/** Throws `argument-needed` for an empty list of words. */
export function requireSome(given: readonly unknown[], argument: string): void {
  if (given.length === 0) throw new SatchelError('argument-needed', { argument });
}

/** The passphrase in the first line of a file. */
export function passphraseIn(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  return withSystemErrors('read', file, () => readFileSync(file, 'utf8')).split(/\r?\n/)[0];
}

/** How many records are signed at once: enough for every core, and for the way to a token. */
export const signedAtOnce = 16;

/** A file piece by piece. */
export function piecesOf(file: string): AsyncIterable<Uint8Array> {
  return createReadStream(file, { highWaterMark: 256 * 1024 });
}
