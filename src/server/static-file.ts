import { hash } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { say } from '../base/catalogue.ts';
import { systemErrorCode } from '../base/errors.ts';
import { byteRange } from './byte-range.ts';
import { judgeConditions } from './conditions.ts';
import { closeFile, type OpenFailure, type OpenFile, openFile } from './open-file.ts';
import { answerPlainly } from './plain-answer.ts';
import { type RepositoryFile, repositoryFile } from './repository-file.ts';
import type { RequestRecord } from './request-log.ts';
import { rangeSender } from './send-range.ts';

/** Answers requests for the public files of a repository. */
export type StaticFiles = {
  /**
   * Answers one request whose path (without query, percent-encoded) lies in a public folder. Resolves when the
   * answer was handed over or has failed; never rejects.
   */
  answer(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    record: RequestRecord,
  ): Promise<void>;
};

const cacheControl = { forever: 'public, max-age=31536000, immutable', revalidate: 'no-cache' } as const;

const failures = {
  absent: [404, 'answer-not-found', {}],
  forbidden: [403, 'answer-forbidden', {}],
  busy: [503, 'answer-busy', { 'Retry-After': 5 }],
} as const satisfies Record<OpenFailure, readonly [number, string, Record<string, number>]>;

/**
 * Serves the repository in `directory`: GET and HEAD, one range a request, strong ETags, and caching for ever of
 * every file that is named by its hash. Whatever the repository does not offer is not found.
 */
export function staticFiles(options: { directory: string; log: Logger }): StaticFiles {
  const { directory, log } = options;
  const sender = rangeSender();
  const sha256 = (bytes: Uint8Array) => hash('sha256', bytes);

  const answer: StaticFiles['answer'] = async (request, response, path, record) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const headers = { Allow: 'GET, HEAD' };
      answerPlainly(request, response, 405, 'answer-method-not-allowed', { headers });
      return;
    }
    const file = repositoryFile(path);
    if (file === undefined) {
      answerPlainly(request, response, 404, 'answer-not-found');
      return;
    }
    try {
      const opened = await openFile(`${directory}/${file.name}`, file.sha256, sha256);
      if (typeof opened === 'string') {
        const [status, code, headers] = failures[opened];
        answerPlainly(request, response, status, code, { headers });
        return;
      }
      try {
        await answerOpened(request, response, file, opened, record);
      } finally {
        closeFile(opened.fd);
      }
    } catch (error) {
      readFailed(request, response, file, error);
    }
  };

  const answerOpened = async (
    request: IncomingMessage,
    response: ServerResponse,
    file: RepositoryFile,
    opened: OpenFile,
    record: RequestRecord,
  ): Promise<void> => {
    const verdict = judgeConditions(request.headers, opened.etag);
    const caching = { ETag: opened.etag, 'Cache-Control': cacheControl[file.caching] };
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
    const range = byteRange(wanted, opened.size);
    if (range === 'unsatisfiable') {
      const headers = { 'Content-Range': `bytes */${opened.size}` };
      const parameters = { size: opened.size };
      answerPlainly(request, response, 416, 'answer-range-not-satisfiable', { parameters, headers });
      return;
    }
    const part = range === 'whole' ? { start: 0, length: opened.size } : range;
    const headers: OutgoingHttpHeaders = {
      'Content-Type': file.mediaType,
      'Content-Length': part.length,
      ...caching,
      'Accept-Ranges': 'bytes',
    };
    if (range !== 'whole') {
      headers['Content-Range'] = `bytes ${part.start}-${part.start + part.length - 1}/${opened.size}`;
    }
    response.writeHead(range === 'whole' ? 200 : 206, headers);
    if (request.method === 'HEAD' || part.length === 0) response.end();
    else await sender.send(opened.fd, part, response, record);
  };

  const readFailed = (
    request: IncomingMessage,
    response: ServerResponse,
    file: RepositoryFile,
    error: unknown,
  ): void => {
    const reason = systemErrorCode(error) ?? String(error);
    const parameters = { name: file.name, reason };
    log.error({ ...parameters, err: error }, say('server-read-failed', parameters, 'en').text);
    if (response.headersSent) response.destroy();
    else answerPlainly(request, response, 500, 'answer-failed');
  };

  return { answer };
}
