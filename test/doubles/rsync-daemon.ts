/** A real rsync daemon over directories, as an old server runs it, and a line to it that can go bad. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRsyncServer } from './rsync-server.ts';

/** A running daemon. */
export type RsyncDaemon = {
  readonly port: number;
  /** Address of a module, ending in a slash. */
  url(module: string): string;
  /** Files that were sent since the last call, as `module/path`, each with the bytes that went out for it. */
  sent(): { readonly file: string; readonly bytes: number }[];
  close(): Promise<void>;
};

/** Serves directories as modules on a free port of the loopback interface. */
export async function startRsyncDaemon(modules: Readonly<Record<string, string>>): Promise<RsyncDaemon> {
  const scratch = mkdtempSync(join(tmpdir(), 'satchel-rsyncd-'));
  const logging = 'reverse lookup = no\ntransfer logging = yes\nlog format = SENT %m/%f %b\n';
  const lines = Object.entries(modules).map(([name, path]) => `[${name}]\npath = ${path}\n`);
  const server = await startRsyncServer(scratch, logging + lines.join(''));
  let told = 0;
  return {
    port: server.port,
    url: (module) => `${server.url}/${module}/`,
    sent() {
      const all = [...server.log().matchAll(/SENT (.+) (\d+)$/gm)];
      const news = all.slice(told);
      told = all.length;
      return news.map((match) => ({ file: match[1]!, bytes: Number(match[2]) }));
    },
    async close() {
      await server.stop();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

/** A line to a port of this machine that ends, or goes silent, after so many bytes towards the client. */
export type BadLine = {
  readonly port: number;
  /** How many connections went over it so far. */
  connections(): number;
  /** From now on: how many bytes each connection lets through, and what it does then. */
  setLimit(bytes: number, end: 'close' | 'hang'): void;
  close(): Promise<void>;
};

/** Opens a line that lets everything through until it is told otherwise. */
export async function startBadLine(target: number): Promise<BadLine> {
  let limit = { bytes: Number.POSITIVE_INFINITY, end: 'close' as 'close' | 'hang' };
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    connections += 1;
    const upstream = connect(target, '127.0.0.1');
    const { bytes, end } = limit;
    let left = bytes;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (piece) => upstream.write(piece));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => (left > 0 || end === 'close' ? client.end() : undefined));
    upstream.on('data', (piece: Buffer) => {
      const part = piece.subarray(0, left);
      left -= part.length;
      if (part.length > 0) client.write(part);
      if (left === 0 && end === 'close') client.end();
      if (left === 0) upstream.pause();
    });
  });
  const port = await listening(server);
  return {
    port,
    connections: () => connections,
    setLimit(bytes, end) {
      limit = { bytes, end };
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return (address satisfies AddressInfo).port;
}
