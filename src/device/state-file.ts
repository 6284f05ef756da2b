import { SatchelError } from '../base/errors.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';

/** The fields of a small JSON file, before anything is known about them. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a small JSON object that carries a `format`; undefined when the file is absent. `parse` gives
 * undefined for fields that are not right. Throws `device-file-newer`, `device-file-damaged`.
 */
export function readStateFile<Value>(
  path: string,
  format: number,
  parse: (fields: Fields) => Value | undefined,
): Value | undefined {
  const text = readIfPresent(path);
  if (text === undefined) return undefined;
  const fields = parseObject(text);
  const found = fields?.format;
  if (typeof found === 'number' && Number.isSafeInteger(found) && found > format)
    throw new SatchelError('device-file-newer', { path, format: found, newest: format });
  const value = fields !== undefined && found === format ? parse(fields) : undefined;
  if (value === undefined) throw new SatchelError('device-file-damaged', { path });
  return value;
}

/** Writes such a file atomically, its format first. */
export function writeStateFile(path: string, format: number, fields: Fields): void {
  writeFileAtomic(path, `${JSON.stringify({ format, ...fields }, undefined, 2)}\n`);
}

/** The text of a file, or undefined when there is none. */
export function readIfPresent(path: string): string | undefined {
  return readFileIfThere(path)?.toString('utf8');
}

/** A text or undefined, for optional fields. Anything else is what `isText` says no to. */
export function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

/** A whole number from 0. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Fields)
      : undefined;
  } catch {
    return undefined;
  }
}
