import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { OatsDesk } from '../advice/oats-desk.ts';
import { longestOatsRequest, type OatsRequest, oatsPath, parseOatsRequest } from '../advice/oats-request.ts';
import type { MessageCode, MessageParameters } from '../base/catalogue.ts';
import { isSatchelError } from '../base/errors.ts';
import { createFairShare } from './fair-share.ts';
import { logOnce } from './log-once.ts';
import { oatsChallenges } from './oats-challenges.ts';
import { answerPlainly } from './plain-answer.ts';

/** Answers laptops that ask by the theft-deterrence protocol. */
export type OatsRoute = {
  /** True for a request that is one of theirs; false while nobody has set it up. */
  takes(path: string): boolean;
  /** Answers it. Never rejects. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
};

/** What a place answers with. */
export type OatsService = {
  readonly desk: OatsDesk;
  /** Keeps what a laptop reported; called after the answer. */
  readonly keep: (request: OatsRequest) => void;
};

/** What a question counts as of an address's share, in bytes: two thousand at once, then five hundred an hour. */
const counted = 512;
/** Questions that are answered at the same time; whoever comes beyond that is asked to come back. */
const mostAtOnce = 1000;

/** The route `POST /antitheft/1/`. */
export function oatsRoute({ desk, keep }: OatsService, log: Logger): OatsRoute {
  const share = createFairShare();
  const challenges = oatsChallenges();
  const tell = logOnce(log);
  let answering = 0;

  /** What keeps a question from being read at all. */
  const refusalOf = (request: IncomingMessage): Refusal | undefined => {
    const { method, headers, socket } = request;
    if (method !== 'POST') return { status: 405, code: 'oats-post-only', headers: { Allow: 'POST' } };
    if (Number(headers['content-length'] ?? 0) > longestOatsRequest) return tooLong;
    if (answering >= mostAtOnce) return busy;
    const wait = share.take(socket.remoteAddress, counted);
    if (wait !== undefined) return { status: 503, code: 'answer-busy', headers: { 'Retry-After': wait } };
    const challenge = challenges.unmet(headers.authorization, desk.settings()?.hashcash ?? 0);
    return challenge === undefined
      ? undefined
      : { status: 401, code: 'oats-hashcash-wanted', headers: { 'WWW-Authenticate': challenge } };
  };

  const reply = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request, longestOatsRequest);
    if (body === undefined) return refuse(request, response, tooLong);
    const question = parseOatsRequest(body);
    // Only now: whoever begins a question and never ends it must not keep others from theirs.
    if (answering >= mostAtOnce) return refuse(request, response, busy);
    answering += 1;
    const answer = await desk.answer(question).finally(() => {
      answering -= 1;
    });
    if (answer === undefined) return refuse(request, response, { status: 404, code: 'answer-not-found' });
    // Laptops compare the length with what they have read; their firmware knows no chunks.
    response.setHeader('Content-Type', 'text/plain');
    response.setHeader('Content-Length', answer.length);
    response.setHeader('Cache-Control', 'no-store');
    response.end(answer);
    keep(question);
  };

  return {
    takes: (path) => path === oatsPath && desk.settings() !== undefined,
    async answer(request, response) {
      const refusal = refusalOf(request);
      if (refusal !== undefined) return refuse(request, response, refusal);
      try {
        await reply(request, response);
      } catch (error) {
        if (request.destroyed && !request.complete) response.destroy();
        else refuse(request, response, failureOf(error, tell));
      }
    },
  };
}

/** An answer that is none. */
type Refusal = {
  readonly status: number;
  readonly code: MessageCode;
  readonly parameters?: MessageParameters;
  readonly headers?: Readonly<Record<string, string | number>>;
};

const tooLong: Refusal = {
  status: 413,
  code: 'answer-body-too-long',
  parameters: { limit: longestOatsRequest },
  // What is left of it is not worth waiting for.
  headers: { Connection: 'close' },
};

const busy: Refusal = { status: 503, code: 'answer-busy', headers: { 'Retry-After': 5 } };

function refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  const { status, code, parameters = {}, headers = {} } = refusal;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  request.resume();
  // As the protocol's description has it.
  if (status === 401) response.statusMessage = 'Hashcash required.';
  answerPlainly(request, response, status, code, { parameters, headers });
}

/** The bytes of a request, or undefined when there are too many. Throws when the client goes away. */
function bodyOf(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let length = 0;
    request.on('data', (piece: Buffer) => {
      length += piece.length;
      if (length <= limit) pieces.push(piece);
      else resolve(undefined);
    });
    request.once('end', () => resolve(Buffer.concat(pieces, length)));
    request.once('error', reject);
    request.once('close', () => {
      if (!request.complete) reject(new Error('the client went away'));
    });
  });
}

function failureOf(error: unknown, tell: (error: unknown) => void): Refusal {
  if (isSatchelError(error, 'oats-request-invalid'))
    return { status: 400, code: error.code, parameters: error.parameters };
  if (isSatchelError(error, 'lease-delegation-missing')) return { status: 404, code: 'oats-not-for-us' };
  tell(error);
  return { status: 503, code: 'answer-failed', headers: { 'Retry-After': 60 } };
}
