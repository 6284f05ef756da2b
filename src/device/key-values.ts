import { SatchelError } from '../base/errors.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readIfPresent } from './state-file.ts';

/**
 * Small files that shell and this program share: lines `key=value`, the value to the end of the line, no quoting.
 * Unknown keys are for whoever knows them.
 */
export type KeyValues = Readonly<Record<string, string>>;

const keyPattern = /^[a-z][a-z0-9-]*$/;

/** What a shell may see: nothing that it could take for anything but text, wherever somebody forgot the quotes. */
const valuePattern = /^[A-Za-z0-9 ._/:,=+@-]*$/;

/** True for a value that such a file can carry. */
export function isSharedValue(value: string): boolean {
  return valuePattern.test(value);
}

/** The fields of such a text. Of a key that is there twice the last counts; lines that are no field are passed over. */
export function parseKeyValues(text: string): KeyValues {
  const fields: Record<string, string> = Object.create(null);
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=');
    const key = line.slice(0, Math.max(equals, 0));
    if (keyPattern.test(key)) fields[key] = line.slice(equals + 1);
  }
  return fields;
}

/** The text of such a file, in the order of the fields; absent values have no line. Throws `shared-value-not-allowed`. */
export function serialiseKeyValues(fields: Readonly<Record<string, string | number | undefined>>): string {
  let text = '';
  for (const [key, given] of Object.entries(fields)) {
    if (given === undefined) continue;
    const value = String(given);
    if (!keyPattern.test(key) || !isSharedValue(value))
      throw new SatchelError('shared-value-not-allowed', { key, value: value.slice(0, 200) });
    text += `${key}=${value}\n`;
  }
  return text;
}

/** The fields of such a file; undefined when there is none. */
export function readKeyValues(path: string): KeyValues | undefined {
  const text = readIfPresent(path);
  return text === undefined ? undefined : parseKeyValues(text);
}

/** Writes such a file atomically and durably. Throws `shared-value-not-allowed` before anything is written. */
export function writeKeyValues(
  path: string,
  fields: Readonly<Record<string, string | number | undefined>>,
): void {
  writeFileAtomic(path, serialiseKeyValues(fields));
}
