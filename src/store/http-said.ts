/** The sentence in which a place says why it does not give a file. */
import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { AnswerHead } from './http-answer.ts';
import type { Exchange } from './http-exchange.ts';

/**
 * With this header a 404 says why the file is not there, in its body: a place that would have to fetch it elsewhere
 * and never will. Its value is the code of the sentence.
 */
export const reasonHeader = 'Satchel-Reason';

/** Bytes of an answer that are looked at. */
const longestBody = 4096;
/** Characters of a sentence that are passed on. */
const longestSentence = 300;
/** Milliseconds that the sentence may take; what is said is worth no more waiting than that. */
const patience = 3000;

/** True for an answer that says in plain words why there is no file, and when there may be one. */
export function saysWhy({ status, headers }: AnswerHead): boolean {
  const isLater = (status === 503 || status === 504) && headers['retry-after'] !== undefined;
  const isFinal = status === 404 && headers[reasonHeader.toLowerCase()] !== undefined;
  return (isLater || isFinal) && /^text\/plain\s*(;|$)/i.test(String(headers['content-type'] ?? ''));
}

/** The failure of such an answer with its sentence as parameter `said`; without one when none comes. */
export async function withSentence(failure: SatchelError, answered: Exchange): Promise<SatchelError> {
  const timer = setTimeout(answered.destroy, patience);
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of answered.body()) {
      pieces.push(piece);
      length += piece.length;
      if (length > longestBody) break;
    }
  } catch (error) {
    if (isSatchelError(error, 'cancelled')) throw error;
    // The head has told all that matters.
    return failure;
  } finally {
    clearTimeout(timer);
  }
  const said = sentenceOf(Buffer.concat(pieces).subarray(0, longestBody).toString('utf8'));
  return said === '' ? failure : new SatchelError(failure.code, { ...failure.parameters, said });
}

/** One line without anything that a terminal obeys. */
function sentenceOf(text: string): string {
  const line = text.replace(/[\s\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\uFFFD]+/gu, ' ').trim();
  const characters = [...line];
  if (characters.length <= longestSentence) return /[.!?…]$/.test(line) || line === '' ? line : `${line}.`;
  return `${characters.slice(0, longestSentence - 1).join('')}…`;
}

/**
 * The failure as whoever only wants the file is told it: a place that says why is there, and the network is not to
 * blame. `source-has-not-yet` and `source-has-not`; any other failure as it is.
 */
export function asTold(error: unknown): unknown {
  if (!isSatchelError(error, 'store-unreachable', 'store-not-found')) return error;
  const { location = '', name = '', said, retryAfter } = error.parameters;
  if (said === undefined) return error;
  if (error.code === 'store-not-found')
    return new SatchelError('source-has-not', { location, name, said }, { cause: error });
  if (retryAfter === undefined) return error;
  return new SatchelError('source-has-not-yet', { location, name, said, retryAfter }, { cause: error });
}
