import { type ByteString, byteString, byteStringFromText, textOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';

/**
 * Canonical JSON as OLPC defined it and TUF uses it (wiki.laptop.org/go/Canonical_JSON): no white space, keys in byte
 * order, integers only, and strings of uninterpreted bytes in which only `"` and `\` are escaped, so that it is not
 * always JSON: control characters stand as they are.
 */
export type CanonicalValue =
  | null
  | boolean
  | number
  | string
  | readonly CanonicalValue[]
  | { readonly [key: string]: CanonicalValue };

/** What JavaScript strings stand for: text (written as UTF-8), or bytes, one character a byte. */
export type CanonicalStrings = 'text' | 'bytes';

/** Values nested deeper than this are refused; a manifest needs five levels. */
const depthLimit = 100;

/**
 * The one canonical form of a value. Normalisation (NFC) is the caller's business: what is signed is not changed here.
 * Throws a plain Error for numbers that are not safe integers, lone surrogates, and values nested too deep: no
 * input of a user reaches this unchecked.
 */
export function serialiseCanonicalJson(value: CanonicalValue, strings: CanonicalStrings = 'text'): Buffer {
  const pieces: string[] = [];
  const write = (item: CanonicalValue, depth: number) => {
    if (depth > depthLimit) throw new Error('canonical JSON nested too deep');
    if (typeof item === 'string') {
      pieces.push(quoted(item, strings));
    } else if (typeof item === 'number') {
      pieces.push(integer(item));
    } else if (item === null || typeof item === 'boolean') {
      pieces.push(String(item));
    } else if (Array.isArray(item)) {
      pieces.push('[');
      for (const [index, element] of item.entries()) {
        if (index > 0) pieces.push(',');
        write(element, depth + 1);
      }
      pieces.push(']');
    } else {
      writeObject(item as { readonly [key: string]: CanonicalValue }, depth);
    }
  };
  const writeObject = (object: { readonly [key: string]: CanonicalValue }, depth: number) => {
    // Sorted as bytes: UTF-16 order differs from it beyond the basic plane.
    const members = Object.entries(object)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [quoted(key, strings), asBytes(key, strings), member] as const)
      .sort((a, b) => (a[1] < b[1] ? -1 : 1));
    let separator = '{';
    for (const [key, , member] of members) {
      pieces.push(separator, key, ':');
      write(member, depth + 1);
      separator = ',';
    }
    pieces.push(members.length === 0 ? '{}' : '}');
  };
  write(value, 0);
  return Buffer.from(pieces.join(''), 'latin1');
}

function asBytes(value: string, strings: CanonicalStrings): ByteString {
  if (strings === 'bytes') {
    if (/[^\x00-\xff]/.test(value)) throw new Error('a byte string holds a character above 255');
    return value as ByteString;
  }
  if (!value.isWellFormed()) throw new Error('text holds a lone surrogate');
  return byteStringFromText(value);
}

function quoted(value: string, strings: CanonicalStrings): string {
  return `"${asBytes(value, strings).replace(/["\\]/g, '\\$&')}"`;
}

function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new Error(`canonical JSON holds integers only: ${value}`);
  return String(value === 0 ? 0 : value);
}

/**
 * Reads canonical JSON and nothing else: any other spelling of the same value is refused, so serialising the result
 * gives the same bytes. Objects have no prototype. Throws `canonical-json-invalid` with the byte position.
 */
export function parseCanonicalJson(bytes: Uint8Array, strings: CanonicalStrings = 'text'): CanonicalValue {
  const source: string = byteString(bytes);
  let at = 0;

  const invalid = (position = at) => new SatchelError('canonical-json-invalid', { position });
  const take = (expected: string) => {
    if (!source.startsWith(expected, at)) throw invalid();
    at += expected.length;
  };
  const readBytes = (): ByteString => {
    const start = at;
    take('"');
    let result = '';
    for (;;) {
      const from = at;
      while (at < source.length && source[at] !== '"' && source[at] !== '\\') at += 1;
      result += source.slice(from, at);
      if (at >= source.length) throw invalid(start);
      at += 1;
      if (source[at - 1] === '"') return result as ByteString;
      const escaped = source[at];
      if (escaped !== '"' && escaped !== '\\') throw invalid();
      result += escaped;
      at += 1;
    }
  };
  const decode = (value: ByteString, start: number): string => {
    if (strings === 'bytes') return value;
    const text = textOf(value);
    if (text === undefined) throw invalid(start);
    return text;
  };
  const readNumber = (): number => {
    const pattern = /-?(?:0|[1-9][0-9]{0,15})/y;
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    const number = Number(match?.[0]);
    if (match === null || match[0] === '-0' || !Number.isSafeInteger(number)) throw invalid();
    at += match[0].length;
    return number;
  };
  const readArray = (depth: number): CanonicalValue[] => {
    const items: CanonicalValue[] = [];
    take('[');
    while (source[at] !== ']') {
      if (items.length > 0) take(',');
      items.push(read(depth + 1));
    }
    at += 1;
    return items;
  };
  const readObject = (depth: number): CanonicalValue => {
    const object: { [key: string]: CanonicalValue } = Object.create(null);
    let previous: ByteString | undefined;
    take('{');
    while (source[at] !== '}') {
      if (previous !== undefined) take(',');
      const start = at;
      const key = readBytes();
      if (previous !== undefined && key <= previous) throw invalid(start);
      previous = key;
      take(':');
      object[decode(key, start)] = read(depth + 1);
    }
    at += 1;
    return object;
  };
  const read = (depth: number): CanonicalValue => {
    if (depth > depthLimit) throw invalid();
    const start = at;
    switch (source[at]) {
      case '"':
        return decode(readBytes(), start);
      case '[':
        return readArray(depth);
      case '{':
        return readObject(depth);
      case 't':
        take('true');
        return true;
      case 'f':
        take('false');
        return false;
      case 'n':
        take('null');
        return null;
      default:
        return readNumber();
    }
  };

  const value = read(0);
  if (at !== source.length) throw invalid();
  return value;
}
