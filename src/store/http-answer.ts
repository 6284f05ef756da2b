/** What the head of an HTTP answer means for a read; pure, so that every odd server can be tried in a test. */
import type { MessageParameters } from '../base/catalogue.ts';
import { SatchelError } from '../base/errors.ts';
import { type Part, partOf, type Wanted } from './range.ts';

/** The head of an answer. */
export type AnswerHead = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
};

/** How to take the body of a good answer. */
export type BodyPlan = {
  /** Length of the whole stored file; undefined when the server does not say and `limit` allows to find out. */
  readonly size: number | undefined;
  /** Bytes to take from the start of the body. */
  readonly take: number | undefined;
  /** True when the body goes on after them: the connection is given up then. */
  readonly hasMore: boolean;
};

/** The request headers of a read. */
export function requestHeaders({ offset = 0, length }: Wanted['options']): Record<string, string> {
  const headers: Record<string, string> = { 'Accept-Encoding': 'identity', 'User-Agent': 'satchel' };
  if (length !== undefined) headers.Range = `bytes=${offset}-${offset + length - 1}`;
  else if (offset > 0) headers.Range = `bytes=${offset}-`;
  return headers;
}

/**
 * Judges the head of an answer to a GET with {@link requestHeaders}. Throws `store-not-found`, `store-refused`,
 * `store-unreachable` (the server is out of order or busy), `store-range`, `store-no-ranges`, `store-too-long`,
 * `store-wrong-answer`.
 */
export function planBody(head: AnswerHead, wanted: Wanted): BodyPlan {
  switch (head.status) {
    case 200:
      refuseEncoding(head, wanted);
      return planWhole(head, wanted);
    case 206:
      refuseEncoding(head, wanted);
      return planPart(head, wanted);
    case 416:
      return planUnsatisfiable(head, wanted);
    default:
      throw statusError(head, wanted);
  }
}

/** The failure that a status outside the two hundreds stands for. */
export function statusError({ status, headers }: AnswerHead, { location, name }: Wanted): SatchelError {
  if (status === 404 || status === 410) return new SatchelError('store-not-found', { location, name });
  if (status >= 500 || status === 408 || status === 425 || status === 429) {
    const retryAfter = secondsOf(headers['retry-after']);
    const pause: MessageParameters = retryAfter === undefined ? {} : { retryAfter };
    return new SatchelError('store-unreachable', { location, name, reason: `HTTP ${status}`, ...pause });
  }
  if (status >= 400) return new SatchelError('store-refused', { location, name, status });
  return new SatchelError('store-wrong-answer', { location, name, answer: `HTTP ${status}` });
}

function planWhole(head: AnswerHead, wanted: Wanted): BodyPlan {
  const { location, name, options } = wanted;
  const size = contentLength(head);
  if ((options.offset ?? 0) > 0) {
    if (size !== undefined) partOf(size, wanted);
    throw new SatchelError('store-no-ranges', { location, name });
  }
  if (size === undefined) return planUnknown(head, wanted);
  const { end } = partOf(size, wanted);
  return { size, take: end, hasMore: end < size };
}

function planUnknown(head: AnswerHead, wanted: Wanted): BodyPlan {
  const { length, limit } = wanted.options;
  if (limit === undefined || length !== undefined)
    throw wrongAnswer(wanted, `Transfer-Encoding: ${head.headers['transfer-encoding'] ?? ''}`);
  return { size: undefined, take: undefined, hasMore: false };
}

function planPart(head: AnswerHead, wanted: Wanted): BodyPlan {
  const { offset = 0, length } = wanted.options;
  const range = String(head.headers['content-range'] ?? '');
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(range);
  if (match === null || (offset === 0 && length === undefined))
    throw wrongAnswer(wanted, `Content-Range: ${range}`);
  const [first, last, size] = match.slice(1).map(Number) as [number, number, number];
  const { start, end }: Part = partOf(size, wanted);
  const promised = contentLength(head);
  const isAsAsked = first === start && last === end - 1;
  if (!isAsAsked) throw wrongAnswer(wanted, `Content-Range: ${range}`);
  if (promised !== undefined && promised !== end - start)
    throw wrongAnswer(wanted, `Content-Length: ${promised}`);
  return { size, take: end - start, hasMore: false };
}

/** Only the very end of a file can be asked for like this; the answer still tells how long it is. */
function planUnsatisfiable(head: AnswerHead, wanted: Wanted): BodyPlan {
  const range = String(head.headers['content-range'] ?? '');
  const match = /^bytes \*\/(\d{1,15})$/.exec(range);
  if (match === null) throw wrongAnswer(wanted, `HTTP 416, Content-Range: ${range}`);
  const size = Number(match[1]);
  const { start, end } = partOf(size, wanted);
  if (start < end) throw wrongAnswer(wanted, `HTTP 416, Content-Range: ${range}`);
  return { size, take: 0, hasMore: true };
}

/** The length that the head states; undefined when it does not, or not as a plain number. */
export function contentLength({ headers }: AnswerHead): number | undefined {
  const value = headers['content-length'];
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

function refuseEncoding({ headers }: AnswerHead, wanted: Wanted): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw wrongAnswer(wanted, `Content-Encoding: ${encoding}`);
}

function wrongAnswer({ location, name }: Wanted, answer: string): SatchelError {
  const shown = answer.slice(0, 100).replace(/[^\x20-\x7e]/g, '?');
  return new SatchelError('store-wrong-answer', { location, name, answer: shown });
}

function secondsOf(value: string | string[] | undefined): number | undefined {
  return typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : undefined;
}
