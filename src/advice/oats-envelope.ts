/**
 * The answer of a theft-deterrence server (wiki.laptop.org/go/Theft_deterrence_protocol): canonical JSON in three
 * envelopes, `["oatc-signed-resp",1,[["oatc-resp",1,{…}],["sig",1,["sig01: …\n",…]]]]`. What is signed are the bytes of
 * the inner array as they stand in the body. Strings hold raw bytes, line feeds too, so a parser of JSON refuses genuine
 * answers.
 */
import { isSatchelError, SatchelError } from '../base/errors.ts';
import {
  type CanonicalValue,
  parseCanonicalJson,
  serialiseCanonicalJson,
} from '../formats/canonical-json.ts';

/** What an answer says: strings are bytes, one character each. */
export type OatsFields = { readonly [name: string]: CanonicalValue };

/** An answer as it arrived. */
export type OatsEnvelope = {
  readonly fields: OatsFields;
  /** The bytes that the signatures are over. */
  readonly signed: Uint8Array;
  /** Signature lines, without their line feeds. */
  readonly lines: readonly string[];
};

/** Makes the signature lines of bytes, without line feeds. */
export type OatsSign = (signed: Uint8Array) => Promise<readonly string[]>;

/** Bytes of the longest answer that is read: one with many leases of the longest chain stays far below. */
export const longestOatsAnswer = 256 * 1024;

const head = '["oatc-signed-resp",1,[';
const responseType = 'oatc-resp';
const version = 1;
const mostLines = 16;

/** Makes the body of an answer. Throws what `sign` throws. */
export async function makeOatsEnvelope(fields: OatsFields, sign: OatsSign): Promise<Buffer> {
  const signed = serialiseCanonicalJson([responseType, version, fields], 'bytes');
  const lines = (await sign(signed)).map((line) => `${line}\n`);
  const credential = serialiseCanonicalJson(['sig', version, lines], 'bytes');
  return Buffer.concat([
    Buffer.from(head, 'latin1'),
    signed,
    Buffer.from(',', 'latin1'),
    credential,
    Buffer.from(']]', 'latin1'),
  ]);
}

/** Takes an answer apart; the signatures are not looked at. Throws `oats-answer-invalid`. */
export function parseOatsEnvelope(body: Uint8Array): OatsEnvelope {
  if (body.length > longestOatsAnswer) throw invalid(longestOatsAnswer);
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const text = bytes.toString('latin1').replace(/[\r\n]+$/, '');
  if (!text.startsWith(head)) throw invalid(0);
  const end = endOfArray(text, head.length);
  const signed = bytes.subarray(head.length, end);
  const rest = text.slice(end);
  if (!rest.startsWith(',') || !rest.endsWith(']]')) throw invalid(end);
  const response = arrayOf(signed, responseType, head.length);
  const lines = arrayOf(Buffer.from(rest.slice(1, -2), 'latin1'), 'sig', end + 1);
  if (!isObject(response)) throw invalid(head.length);
  if (!isLines(lines)) throw invalid(end + 1);
  return { fields: response, signed, lines: lines.map((line) => line.slice(0, -1)) };
}

/** The third element of `["<type>",1,…]`. */
function arrayOf(bytes: Uint8Array, type: string, offset: number): CanonicalValue {
  let value: CanonicalValue;
  try {
    value = parseCanonicalJson(bytes, 'bytes');
  } catch (error) {
    if (!isSatchelError(error, 'canonical-json-invalid')) throw error;
    throw invalid(offset + Number(error.parameters.position ?? 0));
  }
  if (!Array.isArray(value) || value.length !== 3 || value[0] !== type || value[1] !== version)
    throw invalid(offset);
  return value[2] as CanonicalValue;
}

function isObject(value: CanonicalValue): value is OatsFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isLines(value: CanonicalValue): value is readonly string[] {
  if (!Array.isArray(value) || value.length > mostLines) return false;
  return value.every((line) => typeof line === 'string' && /^[^\n]*\n$/.test(line));
}

/** The place after the array that begins at `start`; brackets in strings do not count. */
function endOfArray(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      for (at += 1; at < text.length && text[at] !== '"'; at += 1) if (text[at] === '\\') at += 1;
    } else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  throw invalid(start);
}

function invalid(position: number): SatchelError {
  return new SatchelError('oats-answer-invalid', { position });
}
