import { createHash } from 'node:crypto';
import { isSatchelError } from '../base/errors.ts';
import { parseKeyLine, parseSignatureLine, verifyLine } from '../formats/signature-line.ts';
import type { LiteKey } from '../trust/lite-keys.ts';

/** A signed text file: lines of text, then one signature line for each key. */
export type SignedText = {
  /** The bytes before the first signature line: what is signed. */
  readonly text: Buffer;
  readonly signatures: readonly string[];
};

/** Keys to check signatures with. */
export type NamedKeys = readonly Pick<LiteKey, 'publicKey'>[];

/** Takes a signed text apart; undefined when it is none. Nothing is verified. */
export function parseSignedText(bytes: Uint8Array): SignedText | undefined {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = all.indexOf('\nsig01: ');
  if (start === -1 || all.at(-1) !== 0x0a) return undefined;
  const lines = all.toString('latin1', start + 1, all.length - 1).split('\n');
  return { text: all.subarray(0, start + 1), signatures: lines };
}

/** The text with a signature of each key. */
export function signText(text: Uint8Array, keys: readonly LiteKey[]): Buffer {
  return Buffer.concat([text, Buffer.from(keys.map((key) => `${key.sign(text)}\n`).join(''), 'latin1')]);
}

/** True when exactly these keys have signed the text. */
export function isSignedBy(signed: SignedText, keys: NamedKeys): boolean {
  if (signed.signatures.length !== keys.length) return false;
  return keys.every(({ publicKey }) =>
    signed.signatures.some((line) => verifies(signed.text, line, publicKey)),
  );
}

function verifies(text: Buffer, line: string, publicKey: LiteKey['publicKey']): boolean {
  try {
    return verifyLine(publicKey, text, parseSignatureLine(line));
  } catch (error) {
    if (isSatchelError(error, 'signature-line-invalid')) return false;
    throw error;
  }
}

/** The header lines of a signed text by their first word: `build py802-1` is under `build`. */
export function headerOf({ text }: SignedText): ReadonlyMap<string, string> {
  const header = new Map<string, string>();
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf(0x0a, start);
    const line = text.toString('latin1', start, end === -1 ? text.length : end);
    const space = line.indexOf(' ');
    // An entry of a list: it has tabs, and the header is over.
    if (end === -1 || space === -1 || line.includes('\t')) break;
    const name = line.slice(0, space);
    if (!header.has(name)) header.set(name, line.slice(space + 1));
    start = end + 1;
  }
  return header;
}

/** The keys that a stream's file tells devices to trust. Throws `signature-line-invalid`. */
export function keysNamedIn({ text }: SignedText): LiteKey['publicKey'][] {
  return text
    .toString('latin1')
    .split('\n')
    .filter((line) => line.startsWith('key01: '))
    .map(parseKeyLine);
}

/** The same; undefined where a file names none or one that is no key, as only a damaged file does. */
export function namedKeys(signed: SignedText): NamedKeys | undefined {
  try {
    const keys = keysNamedIn(signed).map((publicKey) => ({ publicKey }));
    return keys.length === 0 ? undefined : keys;
  } catch (error) {
    if (isSatchelError(error, 'signature-line-invalid')) return undefined;
    throw error;
  }
}

/** SHA-256 of bytes, as the stream's file names a list. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
