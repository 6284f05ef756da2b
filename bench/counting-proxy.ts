import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

/** What passed through the proxy so far. */
export type Passed = {
  readonly connections: number;
  /** HTTP/1.1 request lines; 0 for other protocols. */
  readonly requests: number;
  /** Bytes of TCP payload in both directions. */
  readonly toServer: number;
  readonly toClient: number;
};

export type CountingProxy = {
  readonly port: number;
  passed(): Passed;
  close(): Promise<void>;
};

const requestLine = /(?:GET|HEAD|POST|PUT|DELETE) \S+ HTTP\/1\.[01]\r\n/g;
const longestRequestLine = 4096;

/**
 * Counts bytes where they cross the socket, whatever the programs on both sides say of themselves. Runs through
 * it are never timed. `bytesPerSecond` paces what goes to the client, so that nothing sent waits unread in socket
 * buffers when the client is killed.
 */
export async function startCountingProxy(
  serverPort: number,
  options: { readonly bytesPerSecond?: number } = {},
): Promise<CountingProxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let requests = 0;
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
    client.on('data', (bytes) => {
      toServer += bytes.length;
      const text = unfinished + bytes.toString('latin1');
      let end = 0;
      for (const match of text.matchAll(requestLine)) {
        requests += 1;
        end = match.index + match[0].length;
      }
      unfinished = text.slice(Math.max(end, text.length - longestRequestLine));
      if (!upstream.write(bytes)) pauseUntilDrained(client, upstream);
    });
    upstream.on('data', (bytes) => {
      toClient += bytes.length;
      const waits = !client.write(bytes);
      if (options.bytesPerSecond !== undefined) {
        upstream.pause();
        setTimeout(() => upstream.resume(), (bytes.length / options.bytesPerSecond) * 1000);
      } else if (waits) pauseUntilDrained(upstream, client);
    });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroySoon());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    passed: () => ({ connections, requests, toServer, toClient }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function pauseUntilDrained(source: Socket, sink: Socket): void {
  source.pause();
  sink.once('drain', () => source.resume());
}
