import type { KeyObject } from 'node:crypto';
import type { ByteString } from '../base/byte-string.ts';
import { byteStringFromText, textOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import { isBuildName, isSha256, type Sha256 } from '../base/identifiers.ts';
import type { CanonicalValue } from '../formats/canonical-json.ts';
import { isLaptopTime, type LaptopTime, never, type Serial } from '../lease/laptop.ts';
import { parseChain, verifyChain } from '../lease/signature-chain.ts';
import {
  makeOatsEnvelope,
  type OatsEnvelope,
  type OatsFields,
  type OatsSign,
  parseOatsEnvelope,
} from './oats-envelope.ts';
import { defaultOatsNames, type OatsFieldKind, type OatsNames } from './oats-names.ts';

/** What a theft-deterrence server tells one laptop (facts, section 6.3). What is absent is not said. */
export type OatsAnswer = {
  /** What the laptop sent, byte for byte, one character each. */
  readonly nonce: string;
  /** The server's time; never `never`. */
  readonly time: LaptopTime;
  /** One or more `act01` lines, each with its line feed. */
  readonly lease?: string;
  readonly stolen?: true;
  readonly update?: OatsUpdate;
};

/** Advice to run another build. */
export type OatsUpdate = {
  /** The contents hash of the build. */
  readonly hash: Sha256;
  readonly name: string;
  readonly priority: OatsPriority;
  /** Where old clients get it: `rsync://schoolserver/build-py802-1`. */
  readonly updatePath?: string;
};

/** How eagerly to update: `low` on mains power and idle only, `high` at once. */
export type OatsPriority = 'low' | 'normal' | 'high';

/** Makes the body of an answer. Throws what `sign` throws. */
export function makeOatsAnswer(
  answer: OatsAnswer,
  sign: OatsSign,
  names: OatsNames = defaultOatsNames,
): Promise<Buffer> {
  return makeOatsEnvelope(fieldsOf(answer, names), sign);
}

function fieldsOf({ nonce, time, lease, stolen, update }: OatsAnswer, names: OatsNames): OatsFields {
  const fields: Record<string, CanonicalValue> = { nonce, time };
  const put = (into: Record<string, CanonicalValue>, kind: OatsFieldKind, value?: CanonicalValue) => {
    if (value !== undefined) for (const name of names[kind]) into[name] = value;
  };
  put(fields, 'lease', lease);
  put(fields, 'stolen', stolen);
  if (update === undefined) return fields;
  const advice: Record<string, CanonicalValue> = {};
  put(advice, 'hash', update.hash);
  put(advice, 'name', byteStringFromText(update.name));
  put(advice, 'priority', update.priority);
  put(advice, 'update_path', update.updatePath && byteStringFromText(update.updatePath));
  put(fields, 'update', advice);
  return fields;
}

/** Whom an answer must be signed by, and what it must answer. */
export type OatsTrust = {
  readonly keys: readonly KeyObject[];
  readonly serial: Serial;
  /** What was sent. */
  readonly nonce: string;
  /** Milliseconds since 1970: signatures of delegated keys must not have run out then. */
  readonly now: number;
  readonly names?: OatsNames;
  /** True: signatures are neither wanted nor looked at (`/etc/oats-ignore-signature`). */
  readonly ignoreSignatures?: boolean;
};

/**
 * Reads an answer and checks that it answers this request and that every signature under it is good, of which there
 * must be one. Fields that are not known are left out. Throws `oats-answer-invalid`, `oats-answer-field`,
 * `oats-answer-other` (a replayed one), `oats-answer-unsigned`, `signature-line-invalid`, `lease-key-unknown`,
 * `lease-signature-wrong`, `lease-signature-expired`.
 */
export function verifyOatsAnswer(body: Uint8Array, trust: OatsTrust): OatsAnswer {
  const envelope = parseOatsEnvelope(body);
  if (!trust.ignoreSignatures) verifySignatures(envelope, trust);
  const answer = readOatsAnswer(envelope, trust.names);
  // The sample answer of the firmware's authors has a line feed after the nonce that was sent without.
  if (answer.nonce.replace(/\n$/, '') !== trust.nonce) throw new SatchelError('oats-answer-other');
  return answer;
}

function verifySignatures({ signed, lines }: OatsEnvelope, trust: OatsTrust): void {
  if (lines.length === 0) throw new SatchelError('oats-answer-unsigned');
  const message = Buffer.from(signed.buffer, signed.byteOffset, signed.byteLength).toString('latin1');
  for (const line of lines) verifyChain(parseChain(line), message, trust);
}

/** What an answer says, whoever signed it. Throws `oats-answer-field`. */
export function readOatsAnswer(
  { fields }: Pick<OatsEnvelope, 'fields'>,
  names: OatsNames = defaultOatsNames,
): OatsAnswer {
  const { nonce, time } = fields;
  if (typeof nonce !== 'string') throw wrong('nonce');
  if (typeof time !== 'string' || !isLaptopTime(time) || time === never) throw wrong('time');
  const lease = named(fields, names.lease);
  const stolen = named(fields, names.stolen) ?? false;
  if (typeof stolen !== 'boolean') throw wrong('stolen');
  const update = named(fields, names.update);
  return {
    nonce,
    time,
    ...(lease !== undefined && { lease: leaseLines(lease) }),
    ...(stolen && { stolen }),
    ...(update !== undefined && { update: readUpdate(update, names) }),
  };
}

/** Each line of a lease with its line feed, also where the last has none. */
function leaseLines(value: CanonicalValue): string {
  if (typeof value !== 'string') throw wrong('lease');
  const lines = value.endsWith('\n') ? value : `${value}\n`;
  if (!/^(?:act01: [^\n]+\n)+$/.test(lines)) throw wrong('lease');
  return lines;
}

function readUpdate(value: CanonicalValue, names: OatsNames): OatsUpdate {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('update');
  const fields = value as OatsFields;
  const hash = named(fields, names.hash);
  if (typeof hash !== 'string' || !isSha256(hash)) throw wrong('hash');
  const name = named(fields, names.name) ?? hash;
  if (typeof name !== 'string' || !isBuildName(name)) throw wrong('name');
  const updatePath = named(fields, names.update_path);
  if (updatePath !== undefined && (typeof updatePath !== 'string' || !isPath(updatePath)))
    throw wrong('update_path');
  return {
    hash,
    name,
    priority: priorityOf(named(fields, names.priority)),
    ...(updatePath !== undefined && { updatePath: textOf(updatePath as ByteString) ?? '' }),
  };
}

/** What other servers say beside these three is not known: a word of theirs is no reason to hurry or to wait. */
function priorityOf(value: CanonicalValue | undefined): OatsPriority {
  return value === 'low' || value === 'high' ? value : 'normal';
}

/** An address or a path: UTF-8 without what a terminal obeys. */
function isPath(value: string): boolean {
  return (
    value.length > 0 &&
    value.length <= 2048 &&
    !/[\x00-\x20\x7f]/.test(value) &&
    textOf(value as ByteString) !== undefined
  );
}

/** The first of the names that is there; `null` is not there. */
function named(fields: OatsFields, names: readonly string[]): CanonicalValue | undefined {
  for (const name of names) if (fields[name] !== undefined && fields[name] !== null) return fields[name];
  return undefined;
}

function wrong(field: string): SatchelError {
  return new SatchelError('oats-answer-field', { field });
}
