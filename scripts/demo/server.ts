import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { program } from './program.ts';
import { say } from './words.ts';

/** The running server of the demonstration. */
export type DemoServer = {
  readonly address: string;
  /** Resolves when the server has ended, for whatever reason. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
};

const usualPort = 8400;
const lastPort = 8499;

/** The usual port, or the next one that nothing listens on. */
export async function choosePort(host: string): Promise<number> {
  for (let port = usualPort; port <= lastPort; port += 1) if (await isFree(host, port)) return port;
  throw new Error(say('no-port', { first: usualPort, last: lastPort }));
}

/** Starts `satchel serve` and waits until it answers. Its log goes to a file, so that the story stays readable. */
export async function startServer(
  repository: string,
  host: string,
  port: number,
  log: string,
): Promise<DemoServer> {
  const file = openSync(log, 'a');
  const child = spawn(program, ['serve', '--repo', repository, '--listen', `${host}:${port}`], {
    stdio: ['ignore', file, file],
  });
  closeSync(file);
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const address = `http://${host}:${port}`;
  const stop = async () => {
    if (child.exitCode === null) child.kill('SIGTERM');
    await ended;
  };
  const patience = 20_000;
  const started = Date.now();
  while (!(await isHealthy(address))) {
    if (child.exitCode !== null || Date.now() - started > patience) {
      await stop();
      throw new Error(say('serve-ended', { log }));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { address, ended, stop };
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

function isHealthy(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    get(`${address}/healthz`, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on('error', () => resolve(false));
  });
}
