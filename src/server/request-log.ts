import type { IncomingMessage, ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import type { Logger } from 'pino';
import { oatsPath } from '../advice/oats-request.ts';
import type { Clock } from '../base/clock.ts';
import { pathOfTarget } from './repository-file.ts';

/** One answered (or abandoned) request, as the log and the page show it. */
export type AnsweredRequest = {
  /** When it arrived, ISO 8601, UTC. */
  readonly time: string;
  readonly method: string;
  /** Path as it was sent, without query, at most 300 characters. */
  readonly path: string;
  readonly status: number;
  /** Bytes of the body that were handed to the network. */
  readonly bytes: number;
  /** Milliseconds from the head of the request to the end of the answer. */
  readonly ms: number;
  /** The `Range` header, when there was one, at most 100 characters. */
  readonly range?: string;
  /** Present when the client went away before the end of the answer. */
  readonly aborted?: true;
};

/** What a handler tells about the answer while it gives it. */
export type RequestRecord = {
  /** Bytes of the body handed over so far; undefined leaves the answer's Content-Length to be counted. */
  bytes: number | undefined;
};

/** Remembers and logs requests. */
export type RequestLog = {
  /** Begins the record of a request; it is completed and logged by itself when the answer ends. */
  begin(request: IncomingMessage, response: ServerResponse): RequestRecord;
  /** The last requests of devices, the newest first. */
  last(): readonly AnsweredRequest[];
};

/** Paths that people and monitors ask again and again: logged, but no room of the page is spent on them. */
const ownPaths: ReadonlySet<string> = new Set(['/', '/status.json', '/healthz', '/favicon.ico']);

/** A log that writes one line a request and keeps the last `keep` of them in memory. */
export function requestLog(options: { log: Logger; clock: Clock; keep: number }): RequestLog {
  const ring: AnsweredRequest[] = [];
  let next = 0;

  const remember = (answered: AnsweredRequest) => {
    ring[next] = answered;
    next = (next + 1) % options.keep;
  };

  const begin = (request: IncomingMessage, response: ServerResponse): RequestRecord => {
    const record: RequestRecord = { bytes: undefined };
    const time = new Date(options.clock()).toISOString();
    const begun = performance.now();
    const address = request.socket.remoteAddress;
    response.once('close', () => {
      const answered = describe(request, response, record, time, performance.now() - begun);
      if (!ownPaths.has(answered.path)) remember(answered);
      writeLine(options.log, answered, address);
    });
    return record;
  };

  return { begin, last: () => [...ring.slice(next), ...ring.slice(0, next)].reverse() };
}

function describe(
  request: IncomingMessage,
  response: ServerResponse,
  record: RequestRecord,
  time: string,
  elapsed: number,
): AnsweredRequest {
  const range = request.headers.range;
  return {
    time,
    method: request.method ?? '',
    path: pathOfTarget(request.url ?? '').slice(0, 300),
    status: response.statusCode,
    bytes: record.bytes ?? bodyLength(request, response),
    ms: Math.round(elapsed * 10) / 10,
    ...(range === undefined ? {} : { range: range.slice(0, 100) }),
    ...(response.writableFinished ? {} : { aborted: true }),
  };
}

function bodyLength(request: IncomingMessage, response: ServerResponse): number {
  if (request.method === 'HEAD' || !response.writableFinished) return 0;
  const length = Number(response.getHeader('content-length') ?? 0);
  return Number.isSafeInteger(length) ? length : 0;
}

/** What monitors ask, and what laptops are answered thousands of times a second, would bury the rest. */
function isQuiet({ path, status }: AnsweredRequest): boolean {
  return path === '/healthz' || (path === oatsPath && status === 200);
}

function writeLine(log: Logger, answered: AnsweredRequest, address: string | undefined): void {
  const { time: received, ...rest } = answered;
  const line = { received, address, ...rest };
  if (answered.status >= 500) log.error(line, 'request');
  else if (isQuiet(answered)) log.debug(line, 'request');
  else log.info(line, 'request');
}
