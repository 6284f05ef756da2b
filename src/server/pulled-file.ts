import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { say } from '../base/catalogue.ts';
import { isSatchelError } from '../base/errors.ts';
import { reasonHeader } from '../store/http-said.ts';
import { answerFile } from './answer-file.ts';
import type { ByteRange } from './byte-range.ts';
import { type Elsewhere, failureStatus, type OpenedElsewhere } from './elsewhere.ts';
import { answerPlainly } from './plain-answer.ts';
import type { RepositoryFile } from './repository-file.ts';
import type { RequestRecord } from './request-log.ts';
import { createCleaning, releaseBuffer, writePiece } from './send-range.ts';

/** Answers requests for files that are not on this disk. */
export type PulledFiles = {
  /**
   * Resolves to false when the file is to be read from this disk; what changes under its name has been brought up to
   * date then. Throws what is no SatchelError.
   */
  answer(
    request: IncomingMessage,
    response: ServerResponse,
    file: RepositoryFile,
    record: RequestRecord,
  ): Promise<boolean>;
};

/** Answers from elsewhere while the bytes arrive; why it cannot is a status, one sentence and a line in the log. */
export function pulledFiles({ elsewhere, log }: { elsewhere: Elsewhere; log: Logger }): PulledFiles {
  const passed = createCleaning();
  return {
    async answer(request, response, file, record) {
      const { name, sha256 } = file;
      if (sha256 === undefined) {
        await elsewhere.freshen(name);
        return false;
      }
      const gone = new AbortController();
      const { signal } = gone;
      response.once('close', () => gone.abort());
      let opened: OpenedElsewhere | undefined;
      try {
        opened = await elsewhere.open(name, { signal });
        if (opened === undefined) return false;
        const source = opened;
        const content = {
          size: source.size,
          etag: `"${sha256}"`,
          send: (part: ByteRange, _to: ServerResponse, _record: RequestRecord, begin: () => void) =>
            sendPulled(source, part, { response, record, begin, signal, passed }),
        };
        await answerFile(request, response, file, content, record);
      } catch (error) {
        if (!isSatchelError(error)) throw error;
        if (!signal.aborted) failed(request, response, { name, error, log });
      } finally {
        opened?.close();
      }
      return true;
    },
  };
}

type Sending = {
  readonly response: ServerResponse;
  readonly record: RequestRecord;
  readonly begin: () => void;
  readonly signal: AbortSignal;
  /** Told of the bytes that have left. */
  readonly passed: (bytes: number) => void;
};

/**
 * The next piece is asked for when the one before has left for the network, so that a slow client holds one piece. The
 * head goes with the first piece.
 */
async function sendPulled(
  source: OpenedElsewhere,
  { start, length }: ByteRange,
  { response, record, begin, signal, passed }: Sending,
): Promise<void> {
  let sent = 0;
  for await (const piece of source.read({ offset: start, length }, { signal })) {
    if (sent === 0) begin();
    const { length: taken } = piece;
    sent += taken;
    record.bytes = sent;
    if (!(await writePiece(response, piece))) return;
    releaseBuffer(piece);
    passed(taken);
  }
  if (sent === length) response.end();
  else response.destroy();
}

type Failure = {
  readonly name: string;
  readonly error: Parameters<typeof failureStatus>[0];
  readonly log: Logger;
};

/** After the head the connection is cut, so that nobody takes the part for whole. */
function failed(request: IncomingMessage, response: ServerResponse, { name, error, log }: Failure): void {
  const { status, retryAfter, isUnsaid = false } = failureStatus(error);
  const { code, parameters, message: reason } = error;
  if (!isUnsaid) log.warn({ name, code, status }, say('site-file-not-had', { name, reason }, 'en').text);
  if (response.headersSent) response.destroy();
  else if (isUnsaid) answerPlainly(request, response, status, 'answer-not-found');
  else {
    const headers: Record<string, string | number> = { [reasonHeader]: code };
    if (retryAfter !== undefined) headers['Retry-After'] = retryAfter;
    answerPlainly(request, response, status, code, { parameters, headers });
  }
}
