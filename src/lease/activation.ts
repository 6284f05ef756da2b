import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { SatchelError, systemErrorCode } from '../base/errors.ts';
import { type ActivationRequest, longestRequest, parseActivationRequest } from './activation-request.ts';
import type { Serial } from './laptop.ts';
import type { LeaseOffice } from './office.ts';

/** Where laptops ask; port 0 lets the system choose. */
export type ActivationAddress = { readonly host: string; readonly port: number };

/** The port that the laptops' initramfs asks (facts, section 7.7). */
export const activationPort = 191;

/** What a laptop that is stolen is told: these bytes and nothing else. */
const stolenAnswer = 'STOLEN';

/** A service that answers laptops which are not activated. */
export type ActivationService = {
  /** `HOST:PORT` that it listens on. */
  readonly address: string;
  /** Takes no new connections, and cuts those that are open. */
  close(): Promise<void>;
};

export type ActivationOptions = {
  readonly address: ActivationAddress;
  readonly office: Pick<LeaseOffice, 'leaseFor' | 'isStolen' | 'clockReset'>;
  /** Told of a laptop that asks and gets no lease, because it is stolen or there is none, and of where it asks from. */
  readonly onRefused?: (serial: Serial, from: string, why: 'stolen' | 'none') => void;
  /** Told of what goes wrong with an answer; the laptop gets none. */
  readonly onFailure?: (error: unknown) => void;
  /** Milliseconds that a laptop may take to ask, and to take its answer; 3 s when absent, as they wait themselves. */
  readonly patience?: number;
  /** How many may be connected; 4000 when absent. */
  readonly most?: number;
};

/** So many may be connected. Of more, who has been connected longest without asking goes: laptops ask at once. */
const mostConnections = 4000;

/**
 * Answers laptops over TCP: a request without a line feed, then the laptop stops sending, then the answer, then the end.
 * A laptop that is unknown gets no byte. `[::]` listens on IPv4 as well, and on IPv4 alone where there is no IPv6. Throws
 * `activation-address-in-use`, `activation-address-not-permitted`, `activation-address-unavailable`.
 */
export async function serveActivation(options: ActivationOptions): Promise<ActivationService> {
  const { most = mostConnections } = options;
  const open = new Set<Socket>();
  /** Those that have not asked yet, the first to come first. */
  const silent = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    if (open.size >= most) {
      const [longest = socket] = silent;
      longest.destroy();
      open.delete(longest);
      silent.delete(longest);
      if (longest === socket) return;
    }
    open.add(socket);
    silent.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      silent.delete(socket);
    });
    converse(socket, options, () => silent.delete(socket));
  });
  await listening(server, options.address);
  server.on('error', (error) => options.onFailure?.(error));
  return {
    address: addressOf(server, options.address),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

/** One laptop, from its first byte to the end; `onAsked` is told when it has asked. */
function converse(socket: Socket, options: ActivationOptions, onAsked: () => void): void {
  const { patience = 3000, onFailure } = options;
  const gone = new AbortController();
  let text = '';
  let isAnswering = false;
  let timer = setTimeout(() => socket.destroy(), patience);
  socket.setEncoding('latin1');
  // It may go at any moment; that is no fault of anybody.
  socket.on('error', () => socket.destroy());
  socket.once('close', () => {
    clearTimeout(timer);
    gone.abort();
  });
  const respond = async () => {
    isAnswering = true;
    onAsked();
    const request = parseActivationRequest(text);
    if (request === undefined) {
      socket.destroy();
      return;
    }
    let answer = '';
    try {
      answer = await answerTo(request, options, { signal: gone.signal, from: addressFrom(socket) });
    } catch (error) {
      if (!gone.signal.aborted) onFailure?.(error);
    }
    if (socket.destroyed) return;
    clearTimeout(timer);
    timer = setTimeout(() => socket.destroy(), patience);
    // What is in nobody's way is read no more: it would keep the connection from being closed.
    socket.end(answer, 'latin1', () => socket.destroySoon());
  };
  socket.on('data', (piece: string) => {
    if (isAnswering) return;
    text += piece;
    if (text.length > longestRequest) socket.destroy();
    else if (text.endsWith('\n')) void respond();
  });
  socket.once('end', () => {
    if (!isAnswering) void respond();
  });
}

/** Where a laptop asks from; one that speaks IPv4 by its address of four numbers. */
function addressFrom({ remoteAddress = '' }: Socket): string {
  return remoteAddress.replace(/^::ffff:(?=\d+\.)/, '');
}

async function answerTo(
  request: ActivationRequest,
  { office, onRefused }: ActivationOptions,
  { signal, from }: { readonly signal: AbortSignal; readonly from: string },
): Promise<string> {
  const { serial } = request;
  const stolen = () => {
    onRefused?.(serial, from, 'stolen');
    return stolenAnswer;
  };
  if (request.kind === 'clock-reset') {
    if (await office.isStolen(serial)) return stolen();
    return (await office.clockReset(serial, request.current, request.count, { signal })) ?? '';
  }
  const answer = await office.leaseFor(serial, { signal });
  if (answer.kind === 'stolen') return stolen();
  if (answer.kind === 'lease') return answer.lines;
  onRefused?.(serial, from, 'none');
  return '';
}

async function listening(server: Server, { host, port }: ActivationAddress): Promise<void> {
  const listen = (at: string) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: at, port, backlog: 1024 }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  try {
    await listen(host).catch((error: unknown) => {
      const hasNone = ['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes(systemErrorCode(error) ?? '');
      if (host === '::' && hasNone) return listen('0.0.0.0');
      throw error;
    });
  } catch (cause) {
    const parameters = { address: addressText(host, port) };
    const code = systemErrorCode(cause);
    if (code === 'EADDRINUSE') throw new SatchelError('activation-address-in-use', parameters, { cause });
    if (code === 'EACCES') throw new SatchelError('activation-address-not-permitted', parameters, { cause });
    const reason = code ?? String(cause);
    throw new SatchelError('activation-address-unavailable', { ...parameters, reason }, { cause });
  }
}

function addressOf(server: Server, { host, port }: ActivationAddress): string {
  const bound = server.address();
  return typeof bound === 'object' && bound !== null
    ? addressText(bound.address, bound.port)
    : addressText(host, port);
}

function addressText(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
