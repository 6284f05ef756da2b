import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { type ByteRange, byteRange } from './byte-range.ts';
import { judgeConditions } from './conditions.ts';
import { answerPlainly } from './plain-answer.ts';
import type { RepositoryFile } from './repository-file.ts';
import type { RequestRecord } from './request-log.ts';

/** A file whose content is at hand, wherever it comes from. */
export type Content = {
  /** Bytes of the whole file. */
  readonly size: number;
  /** Strong ETag with its quotes. */
  readonly etag: string;
  /**
   * Hands over the part (at least one byte) and ends the answer. `begin` writes the head; it is called when the first
   * bytes are there, so that what fails before can still be answered with a status.
   */
  send(part: ByteRange, response: ServerResponse, record: RequestRecord, begin: () => void): Promise<void>;
};

const cacheControl = { forever: 'public, max-age=31536000, immutable', revalidate: 'no-cache' } as const;

/** Answers a GET or HEAD for a file: conditions, one range, strong ETag and caching. Throws what `send` throws. */
export async function answerFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: RepositoryFile,
  content: Content,
  record: RequestRecord,
): Promise<void> {
  const { size, etag } = content;
  const verdict = judgeConditions(request.headers, etag);
  const caching = { ETag: etag, 'Cache-Control': cacheControl[file.caching] };
  if (verdict === 'precondition-failed') {
    answerPlainly(request, response, 412, 'answer-precondition-failed');
    return;
  }
  if (verdict === 'not-modified') {
    response.writeHead(304, caching);
    response.end();
    return;
  }
  // Ranges are defined for GET only; HEAD tells about the whole file.
  const wanted = verdict === 'send' && request.method === 'GET' ? request.headers.range : undefined;
  const range = byteRange(wanted, size);
  if (range === 'unsatisfiable') {
    const headers = { 'Content-Range': `bytes */${size}` };
    answerPlainly(request, response, 416, 'answer-range-not-satisfiable', { parameters: { size }, headers });
    return;
  }
  const part = range === 'whole' ? { start: 0, length: size } : range;
  const headers: OutgoingHttpHeaders = {
    'Content-Type': file.mediaType,
    'Content-Length': part.length,
    ...caching,
    'Accept-Ranges': 'bytes',
  };
  if (range !== 'whole')
    headers['Content-Range'] = `bytes ${part.start}-${part.start + part.length - 1}/${size}`;
  const begin = () => response.writeHead(range === 'whole' ? 200 : 206, headers);
  if (request.method !== 'HEAD' && part.length > 0) {
    await content.send(part, response, record, begin);
    return;
  }
  begin();
  response.end();
}
