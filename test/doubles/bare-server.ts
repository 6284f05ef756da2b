/** A web server whose answers have no length: they end where the connection ends, and the test says when. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** What one path answers. */
export type BareAnswer = {
  readonly body: string | Uint8Array;
  /** How the connection goes on after the body: in good order, not at all, or by a reset. */
  readonly end: 'close' | 'stall' | 'reset';
};

/** A running server. */
export type BareServer = {
  /** Its address, ending in a slash. */
  readonly url: string;
  /** Ends in good order what has stalled. */
  finish(): void;
  close(): Promise<void>;
};

/** Starts a server on a free port of the loopback interface; what has no answer is not found. */
export async function startBareServer(answers: Readonly<Record<string, BareAnswer>>): Promise<BareServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.once('data', (request) => answer(socket, String(request), answers));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/`,
    finish() {
      for (const socket of sockets) socket.end();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer(socket: Socket, request: string, answers: Readonly<Record<string, BareAnswer>>): void {
  const [method, path = ''] = request.split(' ');
  const found = answers[path];
  if (found === undefined) {
    socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    return;
  }
  socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n');
  if (method === 'HEAD') socket.end();
  else
    socket.write(found.body, () => {
      if (found.end === 'close') socket.end();
      else if (found.end === 'reset') socket.resetAndDestroy();
    });
}
