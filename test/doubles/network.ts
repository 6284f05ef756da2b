/** Two machines on a cable of their own: network namespaces that nothing else is in. Needs root, `unshare` and `ip`. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { when } from './when.ts';

/** One end of the cable. */
export type Machine = {
  readonly address: string;
  /** Words before a program that make it run on this machine. */
  readonly wrapper: readonly string[];
};

/** A cable with a machine at each end; neither has a way to anywhere else. */
export type Cable = {
  readonly server: Machine;
  readonly client: Machine;
  close(): Promise<void>;
};

const addresses = { server: '10.66.0.1', client: '10.66.0.2' } as const;
const device = 'cable';

/** Lays a cable, and waits until both ends see that it is there. */
export async function layCable(): Promise<Cable> {
  const holders = { server: await newNetwork(), client: await newNetwork() };
  const wrapperOf = ({ pid }: ChildProcess) => ['nsenter', `--net=/proc/${pid}/ns/net`, '--'];
  const machine = (end: 'server' | 'client'): Machine => ({
    address: addresses[end],
    wrapper: wrapperOf(holders[end]),
  });
  const server = machine('server');
  const client = machine('client');
  const ip = ({ wrapper }: Machine, ...words: string[]) => {
    const [program, ...rest] = [...wrapper, 'ip', ...words] as [string, ...string[]];
    return execFileSync(program, rest, { encoding: 'utf8' });
  };
  const close = async () => {
    for (const child of Object.values(holders)) {
      const ended = once(child, 'close');
      child.stdin?.end();
      await ended;
    }
  };
  try {
    const peer = ['type', 'veth', 'peer', 'name', device, 'netns', `${holders.client.pid}`];
    ip(server, 'link', 'add', device, ...peer);
    for (const end of [server, client]) {
      ip(end, 'link', 'set', 'lo', 'up');
      ip(end, 'address', 'add', `${end.address}/24`, 'dev', device);
      ip(end, 'link', 'set', device, 'up');
    }
    const isUp = (end: Machine) => ip(end, 'link', 'show', device).includes('state UP');
    await when(() => isUp(server) && isUp(client));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    server,
    client,
    close,
  };
}

/** A namespace that lives as long as a `cat` that waits for our input. */
async function newNetwork(): Promise<ChildProcess> {
  const child = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.write('here\n');
  const said = once(createInterface({ input: child.stdout }), 'line');
  await Promise.race([
    said,
    once(child, 'close').then(([code]) => Promise.reject(new Error(`unshare ended with ${code}`))),
  ]);
  return child;
}
