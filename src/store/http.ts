import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import { type AnswerHead, contentLength, planBody, requestHeaders, statusError } from './http-answer.ts';
import { createConnections } from './http-connections.ts';
import { type Exchange, exchange, type Message, wasStaleConnection } from './http-exchange.ts';
import { isRedirect, redirectTarget } from './http-redirect.ts';
import { saysWhy, withSentence } from './http-said.ts';
import { checkName } from './names.ts';
import { checkReadOptions, partOf, type Wanted } from './range.ts';
import type { ReadableStore, Reading, ReadOptions } from './store.ts';

/** What an HTTP store works with. */
export type HttpStoreOptions = {
  /** Milliseconds without a byte after which an answer counts as stalled; 30 000 when absent. */
  readonly idleTimeout?: number;
  /** Milliseconds that a connection may take; 15 000 when absent. */
  readonly connectTimeout?: number;
  /** Headers to send with each request, wherever it is redirected to; asked for anew each time. */
  readonly headers?: () => Readonly<Record<string, string>>;
};

/** What a store has cost so far. */
export type HttpCounters = {
  /** Requests sent, redirected ones and repeated ones included. */
  readonly requests: number;
  /** Every byte received on every socket, headers and TLS included. */
  readonly bytesReceived: number;
};

/** A question to a program behind the address of a store. */
export type HttpQuestion = {
  readonly method: 'GET' | 'POST';
  /** Below the address of the store, without a leading slash. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Most bytes of the answer: `store-too-long` before more than that is taken in. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
};

/** An answer in memory, whatever its status. */
export type HttpAnswer = AnswerHead & { readonly body: Uint8Array };

/** A store behind HTTP or HTTPS. */
export type HttpStore = ReadableStore & {
  counters(): HttpCounters;
  /**
   * A whole file in one attempt, whether or not the server says how long it is; an empty name is the address itself, a
   * page that lists its files perhaps. Throws as `read` does.
   */
  readToEnd(
    name: string,
    options: { readonly limit: number; readonly signal?: AbortSignal | undefined },
  ): AsyncGenerator<Uint8Array, void>;
  /**
   * Asks on the same connections, in one attempt, and follows no redirect. Throws what reaching the server throws; the
   * status is for the caller to judge.
   */
  ask(question: HttpQuestion): Promise<HttpAnswer>;
};

/** As many idle connections may turn out to be closed, one after another, before one is opened anew. */
const mostStale = 8;

/**
 * A repository behind an address such as `https://host/path/`. Each `read` is one attempt: see `readResuming` for
 * patience with bad links. Only a connection that the server had closed while it was idle is replaced silently.
 * Redirects are followed, up to five, never from https to http. Where a place says in plain words why it does not give
 * a file, the failure has them as parameter `said`. Throws `store-address-not-usable`.
 */
export function openHttpStore(address: string, options: HttpStoreOptions = {}): HttpStore {
  const base = parseAddress(address);
  const location = shownAddress(base);
  const connections = createConnections();
  const patience = { idle: options.idleTimeout ?? 30_000, connect: options.connectTimeout ?? 15_000 };
  let requests = 0;

  const send = async (message: Message, wanted: Wanted): Promise<Exchange> => {
    for (let attempt = 0; ; attempt += 1) {
      requests += 1;
      try {
        const headers = { ...options.headers?.(), ...message.headers };
        return await exchange({ ...message, headers }, wanted, { connections, patience });
      } catch (error) {
        if (!wasStaleConnection(error) || attempt >= mostStale) throw error;
      }
    }
  };
  const follow = async (message: Message, wanted: Wanted): Promise<Exchange> => {
    let url = message.url;
    for (let hops = 0; ; hops += 1) {
      const answered = await send({ ...message, url }, wanted);
      const { statusCode = 0, headers } = answered.response;
      if (!isRedirect(statusCode)) return answered;
      await answered.dismiss();
      url = redirectTarget(url, { target: headers.location, hops, wanted });
    }
  };
  const readBody = async (wanted: Wanted): Promise<Reading> => {
    const message: Message = {
      method: 'GET',
      url: new URL(wanted.name, base),
      headers: requestHeaders(wanted.options),
    };
    const answered = await follow(message, wanted);
    try {
      const plan = planBody(headOf(answered), wanted);
      if (plan.take === 0 && plan.hasMore) await answered.dismiss();
      if (plan.size === undefined) return wholeBody(await inMemory(unknownBody(answered, wanted)));
      return {
        size: plan.size,
        body: takeBody(answered, { take: plan.take ?? plan.size, hasMore: plan.hasMore }, wanted),
      };
    } catch (error) {
      if (error instanceof SatchelError && saysWhy(headOf(answered)))
        throw await withSentence(error, answered);
      await giveUp(answered, error);
      throw error;
    }
  };
  async function* readToEnd(wanted: Wanted): AsyncGenerator<Uint8Array, void> {
    throwIfCancelled(wanted.options.signal);
    const url = new URL(wanted.name, base);
    const answered = await follow({ method: 'GET', url, headers: requestHeaders({}) }, wanted);
    try {
      const { size } = planBody(headOf(answered), wanted);
      yield* size === undefined
        ? unknownBody(answered, wanted)
        : takeBody(answered, { take: size, hasMore: false }, wanted);
    } catch (error) {
      await giveUp(answered, error);
      throw error;
    }
  }
  /** Nothing can be asked for by a range, so the length is asked for. */
  const readNothing = async (wanted: Wanted): Promise<Reading> => {
    const message: Message = { method: 'HEAD', url: new URL(wanted.name, base), headers: requestHeaders({}) };
    const answered = await follow(message, wanted);
    const head = headOf(answered);
    await answered.dismiss();
    if (head.status !== 200) throw statusError(head, wanted);
    const size = contentLength(head);
    if (size === undefined)
      throw new SatchelError('store-wrong-answer', {
        location,
        name: wanted.name,
        answer: 'HEAD without Content-Length',
      });
    partOf(size, wanted);
    return wholeBody(Buffer.alloc(0), size);
  };

  const ask = async ({ method, path, headers, body, limit, signal }: HttpQuestion): Promise<HttpAnswer> => {
    throwIfCancelled(signal);
    // Some programs stand behind a path with a slash at its end.
    checkName(path.replace(/\/$/, ''));
    const wanted: Wanted = { location, name: path, options: { limit, signal } };
    const message: Message = {
      method,
      url: new URL(path, base),
      headers: {
        ...requestHeaders({}),
        ...headers,
        ...(body === undefined ? {} : { 'Content-Length': String(body.length) }),
      },
      ...(body === undefined ? {} : { body }),
    };
    const answered = await send(message, wanted);
    try {
      return { ...headOf(answered), body: await inMemory(unknownBody(answered, wanted)) };
    } catch (error) {
      answered.destroy();
      throw error;
    }
  };

  return {
    location,
    ask,
    async read(name: string, readOptions: ReadOptions = {}) {
      checkName(name);
      checkReadOptions(readOptions);
      throwIfCancelled(readOptions.signal);
      const wanted = { location, name, options: readOptions };
      return readOptions.length === 0 ? readNothing(wanted) : readBody(wanted);
    },
    readToEnd(name, readOptions) {
      if (name !== '') checkName(name);
      return readToEnd({ location, name, options: readOptions });
    },
    counters: () => ({ requests, bytesReceived: connections.bytesReceived() }),
    async close() {
      connections.close();
    },
  };
}

/** A body that is refused for its length or encoding may be endless; any other is short and read to its end. */
async function giveUp(answered: Exchange, error: unknown): Promise<void> {
  if (error instanceof SatchelError && error.code !== 'store-not-found' && error.code !== 'store-range')
    answered.destroy();
  else await answered.dismiss();
}

type Taking = { readonly take: number; readonly hasMore: boolean };

async function* takeBody(
  answered: Exchange,
  { take, hasMore }: Taking,
  wanted: Wanted,
): AsyncGenerator<Buffer> {
  const { location, name } = wanted;
  let received = 0;
  try {
    if (take === 0 && hasMore) return;
    for await (const piece of answered.body()) {
      const left = take - received;
      if (piece.length > left && !hasMore)
        throw new SatchelError('store-too-long', { location, name, limit: take });
      received += Math.min(piece.length, left);
      yield piece.length > left ? piece.subarray(0, left) : piece;
      if (hasMore && received === take) return;
    }
  } catch (error) {
    throw shortened(error, { received, take }, wanted);
  }
  if (received < take)
    throw new SatchelError('store-too-short', { location, name, received, expected: take });
}

/** Node tells of an answer that ended early as of a reset; only the message differs. */
function shortened(
  error: unknown,
  { received, take }: { readonly received: number; readonly take: number },
  { location, name }: Wanted,
): unknown {
  const cause = error instanceof SatchelError ? error.cause : undefined;
  const isEarlyEnd = cause instanceof Error && cause.message === 'aborted';
  if (!isEarlyEnd) return error;
  return new SatchelError('store-too-short', { location, name, received, expected: take }, { cause });
}

async function* unknownBody(
  answered: Exchange,
  { location, name, options }: Wanted,
): AsyncGenerator<Buffer, void> {
  const limit = options.limit as number;
  let length = 0;
  for await (const piece of answered.body()) {
    length += piece.length;
    if (length > limit) throw new SatchelError('store-too-long', { location, name, limit });
    yield piece;
  }
}

async function inMemory(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

function wholeBody(bytes: Buffer, size = bytes.length): Reading {
  return {
    size,
    body: (async function* () {
      if (bytes.length > 0) yield bytes;
    })(),
  };
}

function headOf({ response }: Exchange): AnswerHead {
  return { status: response.statusCode ?? 0, headers: response.headers };
}

function parseAddress(address: string): URL {
  const url = URL.parse(address);
  const isUsable =
    url !== null &&
    (url.protocol === 'http:' || url.protocol === 'https:') &&
    url.search === '' &&
    url.hash === '';
  if (!isUsable) throw new SatchelError('store-address-not-usable', { address });
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

/** The address for people, without a password. */
function shownAddress(base: URL): string {
  const shown = new URL(base.href);
  shown.username = '';
  shown.password = '';
  return shown.href;
}
