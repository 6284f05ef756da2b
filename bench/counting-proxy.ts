import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What passed through the proxy so far. */
export type Passed = {
  readonly connections: number;
  /** HTTP/1.1 request lines; 0 for other protocols. */
  readonly requests: number;
  /** How many of them came one after another: the most of which none began before the one before had its answer. */
  readonly inTurn: number;
  /** Bytes of TCP payload in both directions. */
  readonly toServer: number;
  readonly toClient: number;
};

export type CountingProxy = {
  readonly port: number;
  passed(): Passed;
  /**
   * Bytes that were passed on but that the clients, which stand still (`SIGSTOP`), have not read: what waits in the
   * proxy and in the kernel's queues of both ends. Nothing more is passed on to connections that are open now.
   */
  unread(): Promise<number>;
  /** Resets all connections that are open; what the clients can still read of them they have read by then. */
  cut(): Promise<void>;
  close(): Promise<void>;
};

const requestLine = /(?:GET|HEAD|POST|PUT|DELETE) \S+ HTTP\/1\.[01]\r\n/g;
const longestRequestLine = 4096;

/** Longer than the kernel puts off acknowledging, so that what a queue still holds has really not arrived. */
const acknowledgementDelay = 150;

export type ProxyOptions = {
  /** Paces what goes to the client. */
  readonly bytesPerSecond?: number;
  /** Milliseconds that what the client sends takes longer, so that it shows which requests wait for another. */
  readonly delay?: number;
};

/** A request's time on the wire, in milliseconds: from its line to the latest byte of its answer. */
type Exchange = { readonly began: number; ended: number };

/**
 * Counts bytes where they cross the socket, whatever the programs on both sides say of themselves. Runs through
 * it are never timed.
 */
export async function startCountingProxy(
  serverPort: number,
  options: ProxyOptions = {},
): Promise<CountingProxy> {
  const { delay = 0 } = options;
  const exchanges: Exchange[] = [];
  const sockets = new Set<Socket>();
  const clients = new Map<Socket, Socket>();
  const frozen = new Set<Socket>();
  let connections = 0;
  let toServer = 0;
  let toClient = 0;
  const server = createServer({ noDelay: true }, (client) => {
    connections += 1;
    const upstream = connect({ host: '127.0.0.1', port: serverPort, noDelay: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
    let unfinished = '';
    let exchange: Exchange | undefined;
    client.on('data', (bytes) => {
      toServer += bytes.length;
      const text = unfinished + bytes.toString('latin1');
      let end = 0;
      for (const match of text.matchAll(requestLine)) {
        exchange = { began: performance.now(), ended: Number.POSITIVE_INFINITY };
        exchanges.push(exchange);
        end = match.index + match[0].length;
      }
      unfinished = text.slice(Math.max(end, text.length - longestRequestLine));
      if (delay > 0) setTimeout(() => upstream.write(bytes), delay);
      else if (!upstream.write(bytes)) pauseUntilDrained(client, upstream);
    });
    upstream.on('data', (bytes) => {
      toClient += bytes.length;
      if (exchange !== undefined) exchange.ended = performance.now();
      const waits = !client.write(bytes);
      if (frozen.has(client)) upstream.pause();
      else if (waits) pauseUntilDrained(upstream, client);
      else if (options.bytesPerSecond !== undefined) {
        upstream.pause();
        setTimeout(() => upstream.resume(), (bytes.length / options.bytesPerSecond) * 1000);
      }
    });
    clients.set(client, upstream);
    client.on('close', () => {
      clients.delete(client);
      frozen.delete(client);
    });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('end', () => (to === upstream && delay > 0 ? setTimeout(() => to.end(), delay) : to.end()));
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroySoon());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    passed: () => ({
      connections,
      requests: exchanges.length,
      inTurn: longestChain(exchanges),
      toServer,
      toClient,
    }),
    async unread() {
      for (const [client, upstream] of clients) {
        frozen.add(client);
        upstream.pause();
      }
      await new Promise((resolve) => setTimeout(resolve, acknowledgementDelay));
      return [...clients.keys()].reduce(
        (sum, client) => sum + client.writableLength + queuedInKernel(client),
        0,
      );
    },
    async cut() {
      const open = [...clients];
      for (const [client, upstream] of open) {
        frozen.add(client);
        upstream.pause();
      }
      await new Promise((resolve) => setTimeout(resolve, acknowledgementDelay));
      for (const [client, upstream] of open) {
        client.resetAndDestroy();
        upstream.destroy();
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** The most exchanges of which each began when the one before had ended: always taking the first to end finds them. */
function longestChain(exchanges: readonly Exchange[]): number {
  let length = 0;
  let free = 0;
  for (const { began, ended } of exchanges.toSorted((a, b) => a.ended - b.ended)) {
    if (began < free) continue;
    length += 1;
    free = ended;
  }
  return length;
}

/** Bytes on their way from our end of a loopback connection to the program at the other, from `/proc/net/tcp`. */
function queuedInKernel({ localPort, remotePort }: Socket): number {
  const hexadecimal = (port: number | undefined) => (port ?? 0).toString(16).toUpperCase().padStart(4, '0');
  const [ours, theirs] = [hexadecimal(localPort), hexadecimal(remotePort)];
  let queued = 0;
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n')) {
    const match = /^\s*\d+: 0100007F:(\w+) 0100007F:(\w+) \w+ (\w+):(\w+)/.exec(line);
    if (!match) continue;
    const [, local, remote, toSend, toRead] = match;
    if (local === ours && remote === theirs) queued += Number.parseInt(toSend!, 16);
    if (local === theirs && remote === ours) queued += Number.parseInt(toRead!, 16);
  }
  return queued;
}

function pauseUntilDrained(source: Socket, sink: Socket): void {
  source.pause();
  sink.once('drain', () => source.resume());
}
