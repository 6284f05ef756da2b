import type { IncomingHttpHeaders } from 'node:http';

/** What the conditions of a request leave to be sent; `range-ignored` means the whole file instead of a part. */
export type Verdict = 'send' | 'range-ignored' | 'not-modified' | 'precondition-failed';

/**
 * Judges `If-Match`, `If-None-Match` and `If-Range` for a file with this strong ETag, in the order of RFC 9110,
 * section 13.2.2. Dates are not judged: no answer carries `Last-Modified`, so no client has one to send back.
 */
export function judgeConditions(headers: IncomingHttpHeaders, etag: string): Verdict {
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined && !names(ifMatch, etag, 'strong')) return 'precondition-failed';
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined && names(ifNoneMatch, etag, 'weak')) return 'not-modified';
  const ifRange = headers['if-range'];
  // A date or another file's ETag: the client would glue parts of two files together, so it gets the whole one.
  if (typeof ifRange === 'string' && ifRange.trim() !== etag) return 'range-ignored';
  return 'send';
}

/** True when a list of ETags is `*` or holds this one. A weak mark only counts as equal where that is allowed. */
function names(list: string, etag: string, comparison: 'weak' | 'strong'): boolean {
  if (list.trim() === '*') return true;
  for (const [, weak, tag] of list.matchAll(/(W\/)?("[^"]*")/g)) {
    if (tag === etag && (weak === undefined || comparison === 'weak')) return true;
  }
  return false;
}
