import { isSatchelError } from '../base/errors.ts';
import { Fields } from '../base/fields.ts';
import { readFileIfThere } from './if-there.ts';

/**
 * Reads a small JSON record that only informs: undefined where there is none, and where `parse` finds one that a power
 * cut has damaged or that only a newer program understands. Throws what reading the file throws.
 */
export function readRecordIfGood<Value>(path: string, parse: (fields: Fields) => Value): Value | undefined {
  const bytes = readFileIfThere(path);
  if (bytes === undefined) return undefined;
  try {
    return parse(Fields.parse(bytes, path));
  } catch (error) {
    if (isSatchelError(error, 'record-invalid', 'record-newer')) return undefined;
    throw error;
  }
}
