import { type ChildProcess, spawn } from 'node:child_process';
import { type AddressInfo, connect, createServer } from 'node:net';
import { type Command, cpuOfRunning, peakOfRunning, processTree } from './measure.ts';

/** A server under measurement: a child process that listens on loopback. */
export type Server = {
  readonly port: number;
  /** CPU seconds spent so far by the server and its workers, in steps of 10 ms. */
  cpu(): number;
  /** Largest resident size so far of any one of its processes, in bytes. */
  peak(): number;
  stop(): Promise<void>;
};

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
export async function startServer(port: number, command: Command): Promise<Server> {
  const child = spawn(command.program, command.parameters, {
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
    port,
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
  while (!(await takesConnections(port))) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${complaint()}`);
    if (Date.now() - started > patience) throw new Error(`nothing listens on port ${port}: ${complaint()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
