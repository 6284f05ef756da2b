/** A real rsync daemon of the old kind on a free port of the loopback interface, with a configuration of the test's own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

/** A daemon that runs. */
export type RsyncServer = {
  /** `rsync://127.0.0.1:PORT`, without a slash at its end. */
  readonly url: string;
  readonly port: number;
  /** What it has logged. */
  log(): string;
  /** Replaces the modules; the daemon reads them at the next connection. */
  setModules(modules: string): void;
  stop(): Promise<void>;
};

/** What stands before the modules: no changing of root directories, and as root nobody else. */
const globals = (folder: string) => `use chroot = no
uid = ${process.getuid?.() === 0 ? 'root' : ''}
gid = ${process.getuid?.() === 0 ? 'root' : ''}
read only = yes
log file = ${folder}/rsyncd.log
`;

/** The module of a build: a folder with `contents` and `root/`. */
export function buildModule(name: string, path: string, more = ''): string {
  return `[build-${name}]\n  path = ${path}\n  comment = the build ${name}\n${more}`;
}

/** Starts a daemon whose files lie in `folder`. */
export async function startRsyncServer(folder: string, modules: string): Promise<RsyncServer> {
  const port = await freePort();
  const configuration = `${folder}/rsyncd.conf`;
  const setModules = (text: string) => writeFileSync(configuration, `${globals(folder)}${text}`);
  setModules(modules);
  const words = [
    '--daemon',
    '--no-detach',
    `--config=${configuration}`,
    '--address=127.0.0.1',
    `--port=${port}`,
  ];
  const child = spawn('rsync', words, { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await answering(port, child);
  return {
    url: `rsync://127.0.0.1:${port}`,
    port,
    log: () => readFileSync(`${folder}/rsyncd.log`, 'utf8'),
    setModules,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  while (!(await canConnect(port))) {
    if (child.exitCode !== null) throw new Error(`rsync ended with code ${child.exitCode}`);
    await sleep(5);
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

/** A way to a server that stops passing bytes on after so many. */
export type StallingWay = {
  readonly url: string;
  /** True when it has stopped. */
  stalled(): boolean;
  /** Connections of clients that are open. */
  clients(): number;
  close(): Promise<void>;
};

/**
 * Passes everything between clients and the server until the clients have received `limit` bytes together; with
 * `thenBreak` that connection ends there, and later ones are whole.
 */
export async function stallingWay(
  server: RsyncServer,
  limit: number,
  { thenBreak = false }: { readonly thenBreak?: boolean } = {},
): Promise<StallingWay> {
  let left = limit;
  const open = new Set<Socket>();
  const listener = createServer((client) => {
    const upstream = connect(server.port, '127.0.0.1');
    open.add(client);
    client.on('close', () => {
      open.delete(client);
      upstream.destroy();
    });
    client.on('error', () => {});
    upstream.on('error', () => {});
    client.pipe(upstream);
    upstream.on('data', (bytes: Buffer) => {
      client.write(bytes.subarray(0, Math.max(0, left)));
      left -= bytes.length;
      if (left > 0) return;
      upstream.pause();
      if (!thenBreak) return;
      client.destroy();
      left = Number.POSITIVE_INFINITY;
    });
    upstream.on('end', () => client.end());
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `rsync://127.0.0.1:${port}`,
    stalled: () => left <= 0,
    clients: () => open.size,
    close() {
      for (const client of open) client.destroy();
      return new Promise((resolve) => listener.close(() => resolve()));
    },
  };
}
