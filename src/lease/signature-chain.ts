import type { KeyObject } from 'node:crypto';
import { SatchelError } from '../base/errors.ts';
import {
  parseKeyLine,
  parseSignatureLine,
  rsaKeyId,
  type SignatureLine,
  serialiseKeyLine,
  serialiseSignatureLine,
  verifyLine,
} from '../formats/signature-line.ts';
import { isLaptopTime, type LaptopTime, type Serial, timeOf } from './laptop.ts';
import type { Signer } from './signer-type.ts';

/**
 * Signatures under records of one laptop (facts, sections 7.2 to 7.4). `sig01` is one signature by a key that the
 * laptop trusts. `sig02` is a chain: the first key is one that it trusts, each signs the key after it, the last signs
 * the record, and each is good for one laptop until a time.
 */
export type SignatureChain =
  | { readonly form: 'sig01'; readonly line: SignatureLine }
  | { readonly form: 'sig02'; readonly groups: readonly SignatureGroup[] };

/** One signature of a chain: `<hash> <key> <expiry> <signature>`. */
export type SignatureGroup = {
  /** A key id of 64 hex digits, in the first group only, or a whole public key of 540. */
  readonly key: string;
  readonly expiry: LaptopTime;
  readonly signature: Uint8Array;
};

/** What a signature is checked against. */
export type ChainTrust = {
  readonly keys: readonly KeyObject[];
  readonly serial: Serial;
  /** Milliseconds since 1970. */
  readonly now: number;
};

/** Laptops read lines of up to so many bytes. */
export const longestLine = 8192;

const groupPattern = /^sha256 ([0-9a-f]{64}|[0-9a-f]{540}) (\d{8}T\d{6}Z) ([0-9a-f]{512})$/;
const wordsInGroup = 4;

/** Reads the text of a chain, without line feed. Throws `signature-line-invalid`. */
export function parseChain(text: string): SignatureChain {
  if (text.startsWith('sig01: ')) {
    const line = parseSignatureLine(text);
    // The other hash exists for firmware alone.
    if (line.hash !== 'sha256') throw invalid(text);
    return { form: 'sig01', line };
  }
  if (!text.startsWith('sig02: ') || text.length > longestLine) throw invalid(text);
  const words = text.slice('sig02: '.length).split(' ');
  const groups: SignatureGroup[] = [];
  for (let at = 0; at < words.length; at += wordsInGroup)
    groups.push(parseGroup(words.slice(at, at + wordsInGroup).join(' '), at === 0, text));
  return { form: 'sig02', groups };
}

function parseGroup(text: string, isFirst: boolean, chain: string): SignatureGroup {
  const [, key, expiry, signature] = groupPattern.exec(text) ?? [];
  if (key === undefined || expiry === undefined || signature === undefined) throw invalid(chain);
  if (!isLaptopTime(expiry) || (!isFirst && key.length !== wholeKey)) throw invalid(chain);
  return { key, expiry, signature: Buffer.from(signature, 'hex') };
}

/** The text of a chain, without line feed. */
export function serialiseChain(chain: SignatureChain): string {
  if (chain.form === 'sig01') return serialiseSignatureLine(chain.line);
  const groups = chain.groups.map(
    ({ key, expiry, signature }) => `sha256 ${key} ${expiry} ${Buffer.from(signature).toString('hex')}`,
  );
  return `sig02: ${groups.join(' ')}`;
}

/** What may end the wait for a signature. */
export type SignOptions = { readonly signal?: AbortSignal | undefined };

/** Signs a record for whoever trusts the key. Throws what the signer throws. */
export async function signRecord(
  signer: Signer,
  message: string,
  options?: SignOptions,
): Promise<SignatureChain> {
  const signature = await signer.sign(bytesOf(message), options);
  return { form: 'sig01', line: { hash: 'sha256', keyId: rsaKeyId(signer.publicKey), signature } };
}

/** Whom and how long a signature of a chain is good for. */
export type Binding = { readonly serial: Serial; readonly expiry: LaptopTime };

/** A chain that can be made longer. */
export type BoundChain = SignatureChain & { readonly form: 'sig02' };

/** Signs a record of one laptop, until a time. Throws what the signer throws. */
export async function signBound(
  signer: Signer,
  message: string,
  binding: Binding,
  options?: SignOptions,
): Promise<BoundChain> {
  const key = rsaKeyId(signer.publicKey);
  return { form: 'sig02', groups: [{ key, ...(await group(signer, message, binding, options)) }] };
}

/** Lets another key sign for one laptop, until a time: a chain that wants one more signature. */
export function delegate(
  signer: Signer,
  to: KeyObject,
  binding: Binding,
  options?: SignOptions,
): Promise<BoundChain> {
  return signBound(signer, keyMessage(to), binding, options);
}

/** Signs a record with the key that a delegation names. Throws what the signer throws. */
export async function signThrough(
  delegation: SignatureChain,
  signer: Signer,
  message: string,
  binding: Binding,
  options?: SignOptions,
): Promise<BoundChain> {
  if (delegation.form === 'sig01') throw new Error('a sig01 signature delegates to nobody');
  const key = keyHex(signer.publicKey);
  const last = { key, ...(await group(signer, message, binding, options)) };
  return { form: 'sig02', groups: [...delegation.groups, last] };
}

/**
 * Checks a chain over a message. Returns when its first signature runs out, in milliseconds since 1970. Throws
 * `lease-key-unknown` when it does not begin with a trusted key, `lease-signature-wrong`, `lease-signature-expired`.
 */
export function verifyChain(chain: SignatureChain, message: string, trust: ChainTrust): number {
  if (chain.form === 'sig01') {
    const key = trust.keys.find((trusted) => rsaKeyId(trusted) === chain.line.keyId);
    if (key === undefined) throw unknown(chain.line.keyId, trust);
    if (!verifyLine(key, bytesOf(message), chain.line)) throw wrong(trust);
    return Number.POSITIVE_INFINITY;
  }
  let until = Number.POSITIVE_INFINITY;
  for (const [i, { key, expiry, signature }] of chain.groups.entries()) {
    const next = chain.groups[i + 1];
    const publicKey = i === 0 ? trustedKey(key, trust) : keyFromHex(key);
    const signed = boundMessage(trust.serial, expiry, next === undefined ? message : keyLineOf(next.key));
    const line = { hash: 'sha256', keyId: rsaKeyId(publicKey), signature } as const;
    if (!verifyLine(publicKey, bytesOf(signed), line)) throw wrong(trust);
    until = Math.min(until, timeOf(expiry));
  }
  if (until < trust.now) throw new SatchelError('lease-signature-expired', { serial: trust.serial });
  return until;
}

/**
 * The trusted key that a first group names, by its id of exactly 32 bytes or as a whole. (The firmware takes a whole
 * key there without looking whether it is trusted, and ids of any length.)
 */
function trustedKey(named: string, trust: ChainTrust): KeyObject {
  const found = trust.keys.find((key) => named === (named.length === wholeKey ? keyHex(key) : rsaKeyId(key)));
  if (found === undefined) throw unknown(named.slice(-64), trust);
  return found;
}

const wholeKey = 540;

/** The part of a group that is not its key. */
async function group(
  signer: Signer,
  message: string,
  { serial, expiry }: Binding,
  options?: SignOptions,
): Promise<Omit<SignatureGroup, 'key'>> {
  return { expiry, signature: await signer.sign(bytesOf(boundMessage(serial, expiry, message)), options) };
}

function boundMessage(serial: Serial, expiry: LaptopTime, message: string): string {
  return `${serial}:${expiry}:${message}`;
}

function keyHex(key: KeyObject): string {
  return serialiseKeyLine(key).slice('key01: '.length);
}

/** What is signed to let a key sign. */
export function keyMessage(key: KeyObject): string {
  return keyLineOf(keyHex(key));
}

function keyLineOf(hex: string): string {
  return `key01: ${hex}\n`;
}

function keyFromHex(hex: string): KeyObject {
  return parseKeyLine(`key01: ${hex}`);
}

/** Records are bytes: one character each. */
function bytesOf(message: string): Buffer {
  return Buffer.from(message, 'latin1');
}

function invalid(text: string): SatchelError {
  return new SatchelError('signature-line-invalid', { line: text.slice(0, 80) });
}

function unknown(keyId: string, { serial }: ChainTrust): SatchelError {
  return new SatchelError('lease-key-unknown', { serial, keyId });
}

function wrong({ serial }: ChainTrust): SatchelError {
  return new SatchelError('lease-signature-wrong', { serial });
}
