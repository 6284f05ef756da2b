import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { isIPv6, type Socket } from 'node:net';
import { SatchelError, systemErrorCode } from '../base/errors.ts';
import { createServer, STATUS_CODES } from '../base/node-http.ts';
import type { TlsFiles } from './tls.ts';

/** An address to listen on; port 0 lets the system choose. */
export type ListenAddress = { readonly host: string; readonly port: number };

/** What makes a listener speak HTTPS. */
export type ListenerTls = {
  readonly files: TlsFiles;
  /** Told of a certificate that was changed and cannot be used. */
  readonly onFailure: (error: unknown) => void;
};

/** A listening HTTP server. */
export type Listener = {
  /** Address for clients on this machine, without a slash at the end. */
  readonly url: string;
  /**
   * Takes no new connections, closes idle ones, lets running answers finish for `deadline` milliseconds, then cuts
   * what is left. A second call waits for the first.
   */
  close(deadline: number): Promise<void>;
};

/**
 * Listens for HTTP/1.1, with `tls` for HTTPS. Throws `server-address-in-use`, `server-address-not-permitted`,
 * `server-address-unavailable` and `tls-file-unusable`.
 *
 * Timeouts: a request's head must arrive in 20 s, a connection without a request ends after 60 s, and one on which
 * not a byte moves for 120 s is cut (a device on a bad line comes back and resumes; a dead one would hold its file
 * and buffers for ever).
 */
export async function listen(
  address: ListenAddress,
  handler: RequestListener,
  tls?: ListenerTls,
): Promise<Listener> {
  let stopping = false;
  let answering = 0;
  const quiet = Promise.withResolvers<void>();
  const begun: RequestListener = (request, response) =>
    inTurn(request, response, () => {
      if (stopping) response.shouldKeepAlive = false;
      answering += 1;
      response.once('close', () => {
        answering -= 1;
        if (!stopping) return;
        if (answering === 0) quiet.resolve();
        // An answer that had begun before the stop promised to keep its connection.
        setImmediate(() => server.closeIdleConnections());
      });
      // Writing to a client that has just gone is no fault of anybody; the log shows the answer as aborted.
      response.on('error', () => {});
      handler(request, response);
    });
  const server = await serverFor(begun, tls);
  server.setTimeout(120_000);
  server.on('clientError', refuseMalformed);
  await listening(server, address);

  const stop = async (deadline: number) => {
    stopping = true;
    await closeGracefully(server, deadline);
    // Answers that were cut hear of it only after the server has; what listens to them is to have run as well.
    if (answering > 0) await quiet.promise;
  };
  let stopped: Promise<void> | undefined;
  return {
    url: urlOf(server, address, tls === undefined ? 'http' : 'https'),
    close(deadline) {
      stopped ??= stop(deadline);
      return stopped;
    },
  };
}

const timeouts = {
  headersTimeout: 20_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 60_000,
} as const;

/** Loads what HTTPS needs only where it is spoken. */
async function serverFor(
  handler: RequestListener,
  tls: ListenerTls | undefined,
): Promise<Server | TlsServer> {
  if (tls === undefined) return createServer(timeouts, handler);
  const [https, { keepTlsFresh, readTls }] = await Promise.all([import('node:https'), import('./tls.ts')]);
  const server = https.createServer(
    { ...timeouts, ...readTls(tls.files), handshakeTimeout: 20_000 },
    handler,
  );
  // Whoever does not get through the handshake is no fault of anybody here.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  keepTlsFresh(server, tls.files, tls);
  return server;
}

/** Requests that a client may send on one connection without waiting for the answers. */
const mostAhead = 32;

/** What a connection is answering, or answers last, and how many requests wait behind that. */
const connections = new WeakMap<Socket, { last: ServerResponse; waiting: number }>();

/**
 * Begins an answer when those before it on the same connection are over. Node.js would begin all of them at once, and a
 * client that sends thousands of requests and reads nothing would hold as many files open.
 */
function inTurn({ socket }: IncomingMessage, response: ServerResponse, begin: () => void): void {
  const connection = connections.get(socket);
  if (connection === undefined || connection.last.writableFinished) {
    connections.set(socket, { last: response, waiting: 0 });
    begin();
    return;
  }
  connection.waiting += 1;
  if (connection.waiting > mostAhead) socket.destroy();
  connection.last.once('close', () => {
    connection.waiting -= 1;
    if (!socket.destroyed) begin();
  });
  connection.last = response;
}

async function listening(server: Server | TlsServer, address: ListenAddress): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address.host, port: address.port, backlog: 1024 }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (cause) {
    const parameters = { address: `${bracketed(address.host)}:${address.port}` };
    const code = systemErrorCode(cause);
    if (code === 'EADDRINUSE') throw new SatchelError('server-address-in-use', parameters, { cause });
    if (code === 'EACCES') throw new SatchelError('server-address-not-permitted', parameters, { cause });
    const reason = code ?? String(cause);
    throw new SatchelError('server-address-unavailable', { ...parameters, reason }, { cause });
  }
}

function closeGracefully(server: Server | TlsServer, deadline: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), deadline);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** Answers what is no HTTP, or came too slowly, with a bare status and cuts the connection. */
function refuseMalformed(error: Error, socket: Socket): void {
  const code = systemErrorCode(error);
  if (!socket.writable || code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  // Whoever sends more bytes than a request says that it has, as the laptops' firmware does, is answered all the same.
  const running = connections.get(socket)?.last;
  if (running?.req.complete && !running.writableFinished) {
    running.shouldKeepAlive = false;
    running.once('close', () => socket.destroySoon());
    return;
  }
  const status = code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
  // An answer that is on its way must not be followed by bytes that the client would take for its body.
  if (socket.bytesWritten > 0) socket.destroy();
  else {
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    );
  }
}

function urlOf(server: Server | TlsServer, address: ListenAddress, scheme: 'http' | 'https'): string {
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  const host = address.host === '0.0.0.0' ? '127.0.0.1' : address.host === '::' ? '::1' : address.host;
  return `${scheme}://${bracketed(host)}:${port}`;
}

function bracketed(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
