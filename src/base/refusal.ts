import { isSatchelError } from './errors.ts';
import { Fields } from './fields.ts';

/** What a place said when it refused a request. Either is empty where it said none. */
export type Refusal = {
  /** The code of the sentence, as a place of any version may know it. */
  readonly code: string;
  /** The sentence itself. */
  readonly message: string;
};

/** Reads the body of a refusal, `{"code","message"}`; what is something else says nothing. */
export function readRefusal(body: Uint8Array): Refusal {
  try {
    const fields = Fields.parse(body, 'refusal');
    const text = (name: string, most: number) => (fields.has(name) ? fields.text(name).slice(0, most) : '');
    return { code: text('code', 64), message: text('message', 500) };
  } catch (error) {
    if (isSatchelError(error, 'record-invalid')) return { code: '', message: '' };
    throw error;
  }
}
