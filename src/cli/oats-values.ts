/** What people write about the theft-deterrence protocol on the command line: each parser throws with exit code 2. */
import { SatchelError } from '../base/errors.ts';
import type { Parser } from './command.ts';

/** What a field of the answer is called. */
export type OatsFieldName = { readonly kind: string; readonly name: string };

/** `KIND=NAME`. */
export const oatsField: Parser<OatsFieldName> = (given, label) => {
  const [, kind, name] = /^([a-z_]+)=(.+)$/.exec(given) ?? [];
  if (kind !== undefined && name !== undefined) return { kind, name };
  throw new SatchelError('oats-field-not-understood', { option: label, value: given.slice(0, 100) });
};
