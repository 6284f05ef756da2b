import type { ClientRequest, IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { throwIfCancelled } from '../base/cancel.ts';
import { messageOf, SatchelError, systemErrorCode } from '../base/errors.ts';
import { request as sendPlain } from '../base/node-http.ts';
import type { Connections } from './http-connections.ts';
import type { Wanted } from './range.ts';

/** How long to wait, in milliseconds. */
export type Patience = {
  /** For a connection, with name lookup and TLS. */
  readonly connect: number;
  /** For the head of an answer, and then for each {@link leastProgress} bytes of its body. */
  readonly idle: number;
};

/** One request to send. */
export type Message = {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array;
};

/** A request whose answer has begun. */
export type Exchange = {
  readonly response: IncomingMessage;
  /** The body, with stalls, resets and cancellation turned into sentences. Ends when the server ends it. */
  body(): AsyncGenerator<Buffer, void>;
  /** Reads a short body to its end so that the connection can be used again; gives it up when it is long. */
  dismiss(): Promise<void>;
  /** Gives the connection up. */
  destroy(): void;
};

/**
 * A body that brings fewer bytes than this in all the time that it may be idle counts as stalled: a server that sends
 * a byte now and then must not keep a device waiting for years.
 */
const leastProgress = 1024;

/** A body above this many bytes is dearer to read than a new connection. */
const dismissLimit = 64 * 1024;

/**
 * Sends one request and waits for the head of its answer. Throws `store-unreachable`, `store-certificate`,
 * `store-stalled`, `store-wrong-answer`, `cancelled`.
 */
export async function exchange(
  message: Message,
  wanted: Wanted,
  { connections, patience }: { readonly connections: Connections; readonly patience: Patience },
): Promise<Exchange> {
  const { signal } = wanted.options;
  const agent = await connections.agentFor(message.url.protocol);
  const send = message.url.protocol === 'https:' ? (await import('node:https')).request : sendPlain;
  const request = send(message.url, { agent, method: message.method, headers: message.headers });
  const watch = watchRequest(request, wanted, patience);
  signal?.addEventListener('abort', watch.cancel, { once: true });
  // However it ends, nothing may keep the process or the signal busy: a body need not even have been read.
  request.once('close', () => {
    signal?.removeEventListener('abort', watch.cancel);
    watch.stop();
  });
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.once('response', (response) => {
    // Errors are told through the body. Without a listener one of a body that nobody reads yet would end the process, and
    // it may come before whoever waits for the answer has his turn.
    response.on('error', () => undefined);
    resolve(response);
  });
  request.on('error', (error) => {
    watch.blame(explain(error, wanted));
    reject(watch.failure());
  });
  request.end(message.body);
  if (signal?.aborted) watch.cancel();
  try {
    const response = await promise;
    watch.rest();
    return readable(request, response, { wanted, watch });
  } catch (error) {
    throw retriable(request, error);
  }
}

/** True for a failure that only says that an idle connection had been closed by the server meanwhile. */
export function wasStaleConnection(error: unknown): boolean {
  return error instanceof SatchelError && error.cause instanceof StaleConnection;
}

class StaleConnection extends Error {}

function retriable(request: ClientRequest, error: unknown): unknown {
  const isReset = error instanceof SatchelError && error.code === 'store-unreachable';
  if (!request.reusedSocket || !isReset) return error;
  return new SatchelError(error.code, error.parameters, {
    cause: new StaleConnection('stale', { cause: error.cause }),
  });
}

type Watch = {
  /** Time counts from now until the next `rest`; it starts anew once enough has come since it last did. */
  expect(): void;
  /** Bytes of the body have come. */
  progress(bytes: number): void;
  rest(): void;
  stop(): void;
  cancel(): void;
  /** Keeps the first failure: what follows it is only its echo. */
  blame(failure: SatchelError): void;
  failure(): SatchelError | undefined;
};

function watchRequest(
  request: ClientRequest,
  { location, name, options }: Wanted,
  patience: Patience,
): Watch {
  let failure: SatchelError | undefined;
  let isConnected = false;
  let isExpecting = true;
  let isOver = false;
  let sinceRefresh = Number.POSITIVE_INFINITY;
  const end = (cause: SatchelError) => {
    failure ??= cause;
    // Without the error: a connection whose answer is complete, and that nobody has taken back yet, would throw it at the
    // process. Whoever waits for the answer or reads its body is told by the failure.
    request.destroy();
  };
  const runOut = () => {
    if (!isExpecting) {
      // The reader took its time; that is not held against the server.
      sinceRefresh = Number.POSITIVE_INFINITY;
      return;
    }
    if (!isConnected) end(new SatchelError('store-unreachable', { location, name, reason: 'ETIMEDOUT' }));
    else end(new SatchelError('store-stalled', { location, name, seconds: patience.idle / 1000 }));
  };
  const connecting = setTimeout(runOut, patience.connect);
  let idle: NodeJS.Timeout | undefined;
  const connected = () => {
    if (isOver) return;
    isConnected = true;
    clearTimeout(connecting);
    idle = setTimeout(runOut, patience.idle);
  };
  request.once('socket', (socket) => {
    if (request.reusedSocket) connected();
    else
      socket.once(
        'encrypted' in socket && (socket as TLSSocket).encrypted ? 'secureConnect' : 'connect',
        connected,
      );
  });
  return {
    expect() {
      isExpecting = true;
      if (sinceRefresh < leastProgress) return;
      sinceRefresh = 0;
      idle?.refresh();
    },
    progress(bytes) {
      sinceRefresh += bytes;
    },
    rest() {
      isExpecting = false;
    },
    stop() {
      isOver = true;
      isExpecting = false;
      clearTimeout(connecting);
      clearTimeout(idle);
    },
    cancel: () => end(new SatchelError('cancelled', {}, { cause: options.signal?.reason })),
    blame(cause) {
      failure ??= cause;
    },
    failure: () => failure,
  };
}

type Parts = { readonly wanted: Wanted; readonly watch: Watch };

function readable(request: ClientRequest, response: IncomingMessage, parts: Parts): Exchange {
  const { watch, wanted } = parts;
  const destroy = () => {
    response.destroy();
    request.destroy();
  };
  // Node drops what it holds when a connection ends early; on a bad link that may be all that ever arrives.
  const rescued: Buffer[] = [];
  response.once('aborted', () => {
    for (
      let piece = response.read() as Buffer | null;
      piece !== null;
      piece = response.read() as Buffer | null
    )
      rescued.push(piece);
  });
  async function* body(): AsyncGenerator<Buffer, void> {
    const pieces = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    try {
      for (;;) {
        watch.expect();
        const { done, value } = await pieces.next();
        watch.rest();
        throwIfCancelled(wanted.options.signal);
        if (done) {
          requireWhole(response, watch);
          return;
        }
        watch.progress(value.length);
        yield value;
      }
    } catch (error) {
      throwIfCancelled(wanted.options.signal);
      yield* rescued;
      throw watch.failure() ?? explain(error, wanted);
    } finally {
      if (!response.complete) destroy();
    }
  }
  return {
    response,
    body,
    destroy,
    async dismiss() {
      let left = dismissLimit;
      try {
        for await (const piece of body()) {
          left -= piece.length;
          if (left < 0) return;
        }
      } catch (error) {
        // The head has told all that matters; only the wish to stop outranks it.
        if (error instanceof SatchelError && error.code === 'cancelled') throw error;
      }
    },
  };
}

/**
 * A body without a length ends where its connection ends, also when this side has given the connection up because
 * nothing came any more: that must not look like its end.
 */
function requireWhole({ complete, headers }: IncomingMessage, watch: Watch): void {
  const isFramed =
    headers['content-length'] !== undefined || /chunked\s*$/i.test(headers['transfer-encoding'] ?? '');
  const failure = isFramed ? undefined : watch.failure();
  if (failure !== undefined) throw failure;
  if (!complete) throw new Error('aborted');
}

/** What a failure of `node:http` means. */
function explain(error: unknown, { location, name }: Wanted): SatchelError {
  if (error instanceof SatchelError) return error;
  const code = systemErrorCode(error) ?? messageOf(error);
  if (/CERT|SELF_SIGNED|^UNABLE_TO_/.test(code))
    return new SatchelError('store-certificate', { location, reason: code }, { cause: error });
  if (code.startsWith('HPE_'))
    return new SatchelError('store-wrong-answer', { location, name, answer: code }, { cause: error });
  return new SatchelError('store-unreachable', { location, name, reason: code }, { cause: error });
}
