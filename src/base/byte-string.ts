/**
 * A string of bytes: each character code is one byte (0 to 255). Paths, link targets and names of a tree are
 * such strings, because they need not be valid UTF-8 and because comparing them with `<` is comparing bytes.
 */
export type ByteString = string & { readonly __brand: 'ByteString' };

/** The byte string of raw bytes. */
export function byteString(bytes: Uint8Array): ByteString {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1') as ByteString;
}

/** The byte string of text, as UTF-8. */
export function byteStringFromText(text: string): ByteString {
  return (isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1')) as ByteString;
}

/** The raw bytes. */
export function bytesOf(value: ByteString): Buffer {
  return Buffer.from(value, 'latin1');
}

/** True when every character is below 128, so that text and bytes are the same string. */
export function isAscii(value: string): boolean {
  return !/[^\x00-\x7f]/.test(value);
}

/** The text if the bytes are valid UTF-8, else undefined. */
export function textOf(value: ByteString): string | undefined {
  if (isAscii(value)) return value;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytesOf(value));
  } catch {
    return undefined;
  }
}

/** Text for people: UTF-8 where valid, every other byte and every control character as `\xNN`. */
export function displayOf(value: ByteString): string {
  const text = textOf(value);
  const escaped = (character: string) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  if (text !== undefined) return text.replace(/[\x00-\x1f\x7f]/g, escaped);
  return value.replace(/[\x00-\x1f\x7f-\xff]/g, escaped);
}

/** A path for `node:fs`: `base` and the byte path below it (a string while it is ASCII, bytes otherwise). */
export function pathBelow(base: string, path: ByteString): string | Buffer {
  if (path === '') return base;
  if (isAscii(path)) return `${base}/${path}`;
  return Buffer.concat([Buffer.from(`${base}/`, 'utf8'), bytesOf(path)]);
}
