import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasProgram } from '../../scripts/run-program.ts';
import { run } from '../measure.ts';
import type { Place } from '../servers.ts';

/** How thin. */
export type LinkOptions = {
  readonly bitsPerSecond: number;
  /** Milliseconds from one end to the other. */
  readonly delay: number;
  /** Bytes that may wait at each end; what comes on top is dropped. */
  readonly queue: number;
  /** Percent of the packets that are lost in each direction. */
  readonly loss: number;
};

/** A link between two networks of its own, with nothing else in them. */
export type ThinLink = {
  /** Where a server has to run; its clients sit at the other end. */
  readonly place: Place;
  /** What carries the packets: the kernel or our emulator. */
  readonly by: 'tc netem' | 'emulator';
  close(): Promise<void>;
};

const device = 'thin';
const clientEnd = '10.77.0.1';
const serverEnd = '10.77.0.2';
const largestPacket = 1500;

/**
 * Opens a thin link: `tc netem` between two namespaces where the kernel has it, else the emulator, built with `cc`
 * into `scratch`. Where neither is allowed the answer is a sentence. Everything goes when this process ends, however
 * it ends: namespaces and devices live as long as children that read from it.
 */
export async function openThinLink(scratch: string, options: LinkOptions): Promise<ThinLink | string> {
  const holders: ChildProcess[] = [];
  const close = async () => {
    for (const child of holders) {
      const ended = child.exitCode === null ? once(child, 'close') : undefined;
      child.stdin?.end();
      await ended;
    }
  };
  try {
    const clients = await newNetwork(holders);
    const servers = await newNetwork(holders);
    const by = (await isLinkedByKernel(clients, servers, options)) ? 'tc netem' : 'emulator';
    if (by === 'emulator') await linkByEmulator(holders, scratch, clients, servers, options);
    await giveAddress(clients, clientEnd, serverEnd);
    await giveAddress(servers, serverEnd, clientEnd);
    return { place: { host: serverEnd, serverNetwork: servers, clientNetwork: clients }, by, close };
  } catch (error) {
    await close();
    const reason = error instanceof Error ? error.message.trim().split('\n').at(-1)! : String(error);
    return `The rows over a thin link are left out: ${reason}.`;
  }
}

/** Bytes of packets, headers included, that have come to the clients' end so far. */
export function bytesReceivedBy({ place: { clientNetwork = '' } }: ThinLink): number {
  const table = readFileSync(clientNetwork.replace(/\/ns\/net$/, '/net/dev'), 'latin1');
  const line = table.split('\n').find((each) => each.trim().startsWith(`${device}:`));
  const bytes = Number(line?.split(':')[1]?.trim().split(/\s+/)[0] ?? Number.NaN);
  if (!Number.isSafeInteger(bytes)) throw new Error(`no counters of ${device} in ${clientNetwork}`);
  return bytes;
}

/** A network namespace, as the file that names it. It lives as long as a `cat` that waits for our input. */
async function newNetwork(holders: ChildProcess[]): Promise<string> {
  const child = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'pipe', 'pipe'] });
  holders.push(child);
  child.stdin.write('here\n');
  await firstWords(child);
  return `/proc/${child.pid}/ns/net`;
}

async function isLinkedByKernel(clients: string, servers: string, options: LinkOptions): Promise<boolean> {
  const { bitsPerSecond, delay, queue, loss } = options;
  const pair = ['link', 'add', device, 'type', 'veth', 'peer', 'name', device, 'netns', servers];
  // netem counts packets, and those on their way as well as those that wait.
  const onTheirWay = (bitsPerSecond / 8) * (delay / 1000);
  const limit = Math.ceil((queue + onTheirWay) / largestPacket);
  const rules = [
    'rate',
    `${bitsPerSecond}bit`,
    'delay',
    `${delay}ms`,
    'limit',
    `${limit}`,
    'loss',
    `${loss}%`,
  ];
  try {
    await run({ program: 'ip', parameters: pair, network: clients });
    for (const network of [clients, servers]) {
      // Otherwise the kernel hands over many packets as one, which would be delayed and lost as one.
      await run({ program: 'ip', parameters: ['link', 'set', device, 'gso_max_segs', '1'], network });
      const discipline = ['qdisc', 'add', 'dev', device, 'root', 'netem', ...rules];
      await run({ program: 'tc', parameters: discipline, network });
    }
    return true;
  } catch {
    await run({ program: 'ip', parameters: ['link', 'delete', device], network: clients }).catch(() => '');
    return false;
  }
}

async function linkByEmulator(
  holders: ChildProcess[],
  scratch: string,
  clients: string,
  servers: string,
  { bitsPerSecond, delay, queue, loss }: LinkOptions,
): Promise<void> {
  if (!(await hasProgram('cc')))
    throw new Error('cc, which builds the emulator, is missing (apt-get install gcc libc6-dev)');
  const program = join(scratch, 'emulator');
  const source = join(import.meta.dirname, 'emulator.c');
  await run({ program: 'cc', parameters: ['-O2', '-o', program, source] });
  const numbers = [bitsPerSecond, delay, queue, loss].map(String);
  const child = spawn(program, [clients, servers, ...numbers], { stdio: ['pipe', 'pipe', 'pipe'] });
  holders.push(child);
  await firstWords(child);
}

async function giveAddress(network: string, own: string, other: string): Promise<void> {
  const ip = (...parameters: string[]) => run({ program: 'ip', parameters, network });
  await ip('link', 'set', 'lo', 'up');
  await ip('address', 'add', own, 'peer', other, 'dev', device);
  await ip('link', 'set', device, 'mtu', String(largestPacket), 'up');
}

/** Waits until a child has said something; throws its complaint when it ends without. */
async function firstWords(child: ChildProcess): Promise<void> {
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.on('error', reject);
    child.once('close', (code) => reject(new Error(complaint || `${child.spawnfile} ended with ${code}`)));
  });
}
