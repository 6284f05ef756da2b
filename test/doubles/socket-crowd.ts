/**
 * Many clients in a process of their own that ask a server for one file at the same moment, each over its own socket:
 * `node test/doubles/socket-crowd.ts URL PATH COUNT`. All sockets are open before the first request is sent. It prints
 * one JSON object, {@link Crowd}.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** What became of the requests. */
export type Crowd = {
  /** How many answers had this status and, by SHA-256, this body. */
  readonly answers: Readonly<Record<string, number>>;
  /** Sockets that broke. */
  readonly failed: number;
  readonly seconds: number;
};

/** Starts the process and waits for its end. */
export async function socketCrowd(url: string, path: string, count: number): Promise<Crowd> {
  const child = spawn(process.execPath, [import.meta.filename, url, path, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return JSON.parse(printed) as Crowd;
}

async function run(url: string, path: string, count: number): Promise<Crowd> {
  const { hostname, port } = new URL(url);
  const sockets = await Promise.all(Array.from({ length: count }, () => connected(hostname, Number(port))));
  const begun = performance.now();
  const ends = await Promise.allSettled(
    sockets.map(async (socket) => {
      const answer = received(socket);
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`);
      return await answer;
    }),
  );
  const answers: Record<string, number> = {};
  for (const end of ends) if (end.status === 'fulfilled') answers[end.value] = (answers[end.value] ?? 0) + 1;
  const failed = ends.filter(({ status }) => status === 'rejected').length;
  return { answers, failed, seconds: (performance.now() - begun) / 1000 };
}

function connected(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port }, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** The status and the hash of the body, once the server has closed. */
function received(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    const hash = createHash('sha256');
    let head: string | undefined = '';
    let status = '';
    let left = Number.NaN;
    socket.on('data', (piece: Buffer) => {
      let body = piece;
      if (head !== undefined) {
        head += piece.toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        status = head.slice(9, 12);
        left = Number(/\r\ncontent-length: (\d+)/i.exec(head.slice(0, end))?.[1]);
        body = Buffer.from(head.slice(end + 4), 'latin1');
        head = undefined;
      }
      hash.update(body);
      left -= body.length;
    });
    socket.once('error', reject);
    socket.once('close', () => {
      if (left === 0) resolve(`${status} ${hash.digest('hex')}`);
      else reject(new Error(`${left} bytes are missing`));
    });
  });
}

if (import.meta.main) {
  const [url = '', path = '', count = ''] = process.argv.slice(2);
  process.stdout.write(`${JSON.stringify(await run(url, path, Number(count)))}\n`);
}
