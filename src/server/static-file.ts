import { hash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { say } from '../base/catalogue.ts';
import { systemErrorCode } from '../base/errors.ts';
import { answerFile, type Content } from './answer-file.ts';
import type { Elsewhere } from './elsewhere.ts';
import { closeFile, type OpenFailure, type OpenFile, openFile } from './open-file.ts';
import { answerPlainly } from './plain-answer.ts';
import { pulledFiles } from './pulled-file.ts';
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

const failures = {
  absent: [404, 'answer-not-found', {}],
  forbidden: [403, 'answer-forbidden', {}],
  busy: [503, 'answer-busy', { 'Retry-After': 5 }],
} as const satisfies Record<OpenFailure, readonly [number, string, Record<string, number>]>;

/** What is served. */
export type StaticFilesOptions = {
  readonly directory: string;
  /** Where files come from that are not in the directory; absent: they are not found. */
  readonly elsewhere?: Elsewhere | undefined;
  readonly log: Logger;
};

/**
 * Serves the repository in `directory`: GET and HEAD, one range a request, strong ETags, and caching for ever of
 * every file that is named by its hash. Whatever the repository does not offer is not found.
 */
export function staticFiles(options: StaticFilesOptions): StaticFiles {
  const { directory, elsewhere, log } = options;
  const pulled = elsewhere && pulledFiles({ elsewhere, log });
  const sender = rangeSender();
  const sha256 = (bytes: Uint8Array) => hash('sha256', bytes);
  const contentOf = ({ fd, size, etag }: OpenFile): Content => ({
    size,
    etag,
    async send(part, response, record, begin) {
      begin();
      await sender.send(fd, part, response, record);
    },
  });

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
      if (await pulled?.answer(request, response, file, record)) return;
      const opened = await openFile(`${directory}/${file.name}`, file.sha256, sha256);
      if (typeof opened === 'string') {
        // What was here a moment ago has been removed to make room, and can be had again.
        const isRemoved = opened === 'absent' && pulled !== undefined && file.sha256 !== undefined;
        const [status, code, headers] = failures[isRemoved ? 'busy' : opened];
        answerPlainly(request, response, status, code, { headers });
        return;
      }
      try {
        await answerFile(request, response, file, contentOf(opened), record);
      } finally {
        closeFile(opened.fd);
      }
    } catch (error) {
      readFailed(request, response, file, error);
    }
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
