/** The values that people write on the command line: each parser throws `value-not-understood` (exit code 2). */
import { statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MessageCode } from '../base/catalogue.ts';
import { SatchelError } from '../base/errors.ts';
import { isSha256, type Sha256 } from '../base/identifiers.ts';
import type { Parser } from './command.ts';

const unitFactors: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  t: 1e12,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

function notUnderstood(code: MessageCode, text: string, label: string): SatchelError {
  return new SatchelError(code, { value: text.slice(0, 200), option: label });
}

/** Any words, but at least one character. */
export const text: Parser<string> = (given, label) => {
  if (given === '') throw notUnderstood('value-empty', given, label);
  return given;
};

/** A path, made absolute. */
export const localPath: Parser<string> = (given, label) => path.resolve(text(given, label));

/** Bytes: `1500`, `200MB`, `1.5 GB`, `16GiB`; a single letter is decimal. */
export const size: Parser<number> = (given, label) => {
  const bytes = bytesIn(given);
  if (bytes === undefined) throw notUnderstood('size-not-understood', given, label);
  return bytes;
};

/** As {@link size}, or the word `none`, which is null. */
export const sizeOrNone: Parser<number | null> = (given, label) =>
  given.trim().toLowerCase() === 'none' ? null : size(given, label);

function bytesIn(given: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(given.trim());
  // Half a byte is a unit that was forgotten.
  if (match?.[2] === '' && match[1]?.includes('.')) return undefined;
  const factor = unitFactors[(match?.[2] ?? 'none').toLowerCase()];
  const bytes = Math.round(Number(match?.[1]) * (factor ?? Number.NaN));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Bytes a second: a size, with or without `/s`; `2Mbit/s` is an eighth of that in bytes. More than 0. */
export const rate: Parser<number> = (given, label) => {
  const bits = /^(\d+(?:\.\d+)?\s*[kmgt]?)bit(?:\/s)?$/i.exec(given.trim());
  const amount = bytesIn(bits?.[1] ?? given.trim().replace(/\/s$/i, ''));
  const bytes = Math.floor((amount ?? 0) / (bits ? 8 : 1));
  if (bytes <= 0) throw notUnderstood('rate-not-understood', given, label);
  return bytes;
};

/** A whole number from 1. */
export const count: Parser<number> = (given, label) => {
  const number = Number(given);
  if (!/^\d+$/.test(given) || number < 1 || !Number.isSafeInteger(number))
    throw notUnderstood('count-not-understood', given, label);
  return number;
};

/** From how many of the last builds deltas are kept: 0 to 16. */
export const keptDeltas: Parser<number> = (given, label) => {
  const number = Number(given);
  if (!/^\d{1,2}$/.test(given) || number > 16) throw notUnderstood('deltas-not-understood', given, label);
  return number;
};

/**
 * Seconds since 1970 of a date, UTC unless it says otherwise: `2007-11-02`, `2007-11-02T12:00:00Z`,
 * `2007-11-02 12:00:00`, `20071102T120000Z`, `@1194004800`.
 */
export const date: Parser<number> = (given, label) => {
  const trimmed = given.trim();
  const seconds = /^@(-?\d{1,12})$/.exec(trimmed)?.[1];
  if (seconds !== undefined) return Number(seconds);
  const match =
    /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?(Z|[+-]\d\d:\d\d)?$/.exec(trimmed) ??
    /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z))$/.exec(trimmed);
  if (match === null) throw notUnderstood('date-not-understood', given, label);
  const [, year, month, day, hour = '00', minute = '00', second = '00', zone = 'Z'] = match;
  const civil = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const milliseconds = Date.parse(`${civil}${zone}`);
  // Date.parse turns 30 February into 1 March; such a date is a slip, and never what was meant.
  const rolledOver = !Number.isNaN(milliseconds) && new Date(`${civil}Z`).toISOString() !== `${civil}.000Z`;
  if (Number.isNaN(milliseconds) || rolledOver) throw notUnderstood('date-not-understood', given, label);
  return milliseconds / 1000;
};

const secondsPerUnit: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds: `0`, `90s`, `15min`, `12h`, `7d`, `2w`; without a unit seconds. */
export const duration: Parser<number> = (given, label) => {
  const match = /^(\d{1,9})\s*(s|min|h|d|w)?$/i.exec(given.trim());
  if (match === null) throw notUnderstood('duration-not-understood', given, label);
  return Number(match[1]) * (secondsPerUnit[(match[2] ?? 's').toLowerCase()] ?? 1);
};

/** Milliseconds of a duration from one second to a day. */
export const patience: Parser<number> = (given, label) => {
  const seconds = duration(given, label);
  if (seconds < 1 || seconds > 86_400) throw notUnderstood('timeout-out-of-range', given, label);
  return seconds * 1000;
};

/** Where to listen. */
export type ListenAddress = { readonly host: string; readonly port: number };

/** `8400`, `:8400`, `0.0.0.0:8400`, `[::1]:8400`, `localhost:0` (0: any free port). No host: every address. */
export const listenAddress: Parser<ListenAddress> = (given, label) => {
  const match = /^(?:(?:\[([0-9a-f:.]+(?:%[\w.-]+)?)\]|([a-z0-9.-]+))?:)?(\d{1,5})$/i.exec(given.trim());
  const port = Number(match?.[3] ?? Number.NaN);
  if (match === null || port > 65535) throw notUnderstood('address-not-understood', given, label);
  return { host: match[1] ?? match[2] ?? '0.0.0.0', port };
};

/** A SHA-256 in hex, either case. */
export const sha256: Parser<Sha256> = (given, label) => {
  const lower = given.trim().toLowerCase();
  if (!isSha256(lower)) throw notUnderstood('hash-not-understood', given, label);
  return lower;
};

/** What `--trust` names: the hash of a root, or a file that holds one. */
export type TrustAnchor =
  | { readonly kind: 'sha256'; readonly sha256: Sha256 }
  | { readonly kind: 'file'; readonly path: string };

/** 64 hex digits are a hash, anything else a file. */
export const trustAnchor: Parser<TrustAnchor> = (given, label) => {
  const lower = given.trim().toLowerCase();
  if (isSha256(lower)) return { kind: 'sha256', sha256: lower };
  const file = localPath(given, label);
  if (!statSync(file, { throwIfNoEntry: false })?.isFile())
    throw notUnderstood('trust-not-understood', given, label);
  return { kind: 'file', path: file };
};

/** The URL of a repository, without a slash at its end; a directory that exists becomes its `file:` URL. */
export const sourceUrl: Parser<string> = (given, label) => {
  const trimmed = given.trim();
  if (/^(https?|file):\/\//i.test(trimmed) && URL.canParse(trimmed)) {
    const url = new URL(trimmed);
    if (url.search === '' && url.hash === '') return url.href.replace(/\/+$/, '');
  } else if (trimmed !== '' && statSync(trimmed, { throwIfNoEntry: false })?.isDirectory()) {
    return pathToFileURL(path.resolve(trimmed)).href;
  }
  throw notUnderstood('source-not-understood', given, label);
};

/** A version of this program, `major.minor.patch`. */
export const version: Parser<string> = (given, label) => {
  if (!/^\d{1,4}\.\d{1,4}\.\d{1,4}$/.test(given)) throw notUnderstood('version-not-understood', given, label);
  return given;
};

/** One of the given words. */
export function oneOf<const Choice extends string>(...choices: readonly Choice[]): Parser<Choice> {
  return (given, label) => {
    const found = choices.find((choice) => choice === given);
    if (found !== undefined) return found;
    throw new SatchelError('choice-not-understood', {
      value: given.slice(0, 200),
      option: label,
      choices: choices.join(', '),
    });
  };
}
