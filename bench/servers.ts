import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { type Command, cpuOfRunning, peakOfRunning, processTree, wordsOf } from './measure.ts';

/** Where a server can be reached, and from which network (a namespace's file; absent: this machine's own). */
export type Address = { readonly host: string; readonly port: number; readonly network?: string };

/** Where a server runs and how its clients reach it. */
export type Place = {
  /** The address that it listens on. */
  readonly host: string;
  /** Network namespaces as files, absent for this machine's own network. */
  readonly serverNetwork?: string;
  readonly clientNetwork?: string;
};

export const loopback: Place = { host: '127.0.0.1' };

/** A server under measurement: a child process that listens somewhere. */
export type Server = {
  readonly at: Address;
  /** CPU seconds spent so far by the server and its workers, in steps of 10 ms. */
  cpu(): number;
  /** Largest resident size so far of any one of its processes, in bytes. */
  peak(): number;
  stop(): Promise<void>;
};

/** `http://HOST:PORT` */
export function urlOf({ host, port }: Address): string {
  return `http://${host}:${port}`;
}

/** Servers that run at the moment, so that a run that is stopped leaves none behind. */
const running = new Set<ChildProcess>();

/** Ends every server that is still running, without waiting. */
export function endAllServers(): void {
  for (const child of running) child.kill('SIGTERM');
}

/** A port that nothing listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a server and waits until its port takes connections. Throws when it ends first. */
export async function startServer(place: Place, port: number, command: Command): Promise<Server> {
  const [program, ...parameters] = wordsOf(
    place.serverNetwork === undefined ? command : { ...command, network: place.serverNetwork },
  );
  const child = spawn(program!, parameters, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...command.environment },
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000);
  });
  running.add(child);
  const ended = new Promise<void>((resolve) =>
    child.on('close', () => {
      running.delete(child);
      resolve();
    }),
  );
  await untilListening(port, child, () => complaint);
  const pid = child.pid!;
  return {
    at: {
      host: place.host,
      port,
      ...(place.clientNetwork === undefined ? {} : { network: place.clientNetwork }),
    },
    cpu: () => cpuOfRunning(processTree(pid)),
    peak: () => peakOfRunning(processTree(pid)),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function untilListening(port: number, child: ChildProcess, complaint: () => string): Promise<void> {
  const patience = 30_000;
  const started = Date.now();
  while (!isListening(port, child.pid!)) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${complaint()}`);
    if (Date.now() - started > patience) throw new Error(`nothing listens on port ${port}: ${complaint()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Asked of the kernel, because the network that the server listens in may be out of our own reach. */
function isListening(port: number, pid: number): boolean {
  const listening = '0A';
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  let table = '';
  try {
    table = readFileSync(`/proc/${pid}/net/tcp`, 'latin1');
  } catch {
    return false;
  }
  return table.split('\n').some((line) => {
    const [, address, , state] = line.trim().split(/\s+/);
    return state === listening && address?.endsWith(local) === true;
  });
}
