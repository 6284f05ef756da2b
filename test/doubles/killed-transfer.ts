/**
 * A large transfer that is ended by SIGKILL at random moments, and what it costs: bytes are counted by a proxy between
 * server and device, less those that the kernel had taken and the device never read.
 */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type CountingProxy, startCountingProxy } from '../../bench/counting-proxy.ts';
import type { UpdateResult } from '../../src/device/update.ts';
import { must } from './command.ts';
import { type FaultServer, startFaultServer } from './fault-server.ts';
import { assertSameTree } from './same-tree.ts';
import { done, pristine, type Running, startSatchel } from './satchel-program.ts';
import type { Scratch } from './scratch.ts';
import { noise } from './story-trees.ts';
import { when } from './when.ts';

/** A published build of incompressible files, behind a server that takes its time. */
export type Transfer = {
  readonly repository: string;
  readonly tree: string;
  readonly build: string;
  /** The build that devices have before, when it is an update. */
  readonly before?: string;
  readonly rootHash: string;
  /** About what a device has to read. */
  readonly bytes: number;
  /** Where devices fetch it from. */
  readonly url: string;
  /** Bytes that devices have read so far, headers included. */
  received(): number;
  /** Ends an update by SIGKILL; what it had not read by then does not count as received. */
  kill(running: Running): Promise<void>;
  close(): Promise<void>;
};

/** What a transfer cost, in bytes that the device read. */
export type TransferCost = { readonly clean: number; readonly disturbed: number; readonly limit: number };

const fileSize = 2 * 1024 * 1024;

/** Publishes `bytes` of noise and serves it at `bytesPerSecond` for each answer. */
export async function prepareTransfer(
  scratch: Scratch,
  { bytes, bytesPerSecond }: { readonly bytes: number; readonly bytesPerSecond: number },
): Promise<Transfer> {
  const [repository, tree, build] = [scratch.file('repository'), scratch.file('tree'), 'noise-1'];
  mkdirSync(tree);
  for (let number = 0; number * fileSize < bytes; number += 1)
    writeFileSync(
      `${tree}/noise-${number}`,
      noise(`file ${number}`, Math.min(fileSize, bytes - number * fileSize)),
    );
  const { rootSha256: rootHash } = await done<{ rootSha256: string }>(['init', '--repo', repository]);
  await done(['publish', '--repo', repository, '--name', build, tree]);
  const server = await startFaultServer(repository, throttled(bytesPerSecond));
  return { repository, tree, build, rootHash, bytes, ...(await countedServer(server)) };
}

/**
 * Publishes an update whose delta has segments of `bytes` each, and serves it at `bytesPerSecond`. What it costs by
 * objects is a megabyte more.
 */
export async function prepareDeltaTransfer(
  scratch: Scratch,
  options: { readonly segments: number; readonly bytes: number; readonly bytesPerSecond: number },
): Promise<Transfer> {
  const [repository, tree, build, before] = [scratch.file('repository'), scratch.file('tree'), 'b2', 'b1'];
  const old = noise('a file with a small change', 1_000_000);
  const earlier = scratch.file('earlier');
  mkdirSync(earlier);
  writeFileSync(`${earlier}/changed`, old);
  mkdirSync(tree);
  writeFileSync(`${tree}/changed`, Buffer.concat([old, Buffer.from('the change\n')]));
  for (let segment = 0; segment < options.segments; segment += 1) {
    const directory = `${tree}/part-${segment}`;
    mkdirSync(directory);
    writeFileSync(`${directory}/noise`, noise(`part ${segment}`, options.bytes));
    // A segment ends after 16 MiB, so most of them is what takes next to nothing.
    for (let number = 0; number < 13; number += 1)
      writeFileSync(`${directory}/${number}`, Buffer.alloc(1 << 20, noise(`${segment} ${number}`, 2048)));
  }
  const { rootSha256: rootHash } = await must('init', '--repo', repository);
  await must('publish', '--repo', repository, '--name', before, earlier);
  await must('publish', '--repo', repository, '--name', build, '--deltas', '1', '--wait', tree);
  const server = await startFaultServer(repository, throttled(options.bytesPerSecond));
  const bytes = options.segments * options.bytes;
  return { repository, tree, build, before, rootHash, bytes, ...(await countedServer(server)) };
}

async function countedServer(
  server: FaultServer,
): Promise<Pick<Transfer, 'url' | 'received' | 'kill' | 'close'>> {
  const proxy: CountingProxy = await startCountingProxy(server.port);
  let neverRead = 0;
  return {
    url: `http://127.0.0.1:${proxy.port}/`,
    received: () => proxy.passed().toClient - neverRead,
    async kill({ child, ended }) {
      child.kill('SIGSTOP');
      neverRead += await proxy.unread();
      child.kill('SIGKILL');
      assert.equal((await ended).signal, 'SIGKILL');
    },
    async close() {
      await proxy.close();
      await server.close();
    },
  };
}

/** The rules of a server whose packs and deltas come slowly. */
export function throttled(bytesPerSecond: number) {
  return [{ pattern: '^/(packs|deltas)/', fault: { kind: 'slow', bytesPerSecond } }] as const;
}

/** A new device that follows the transfer's server, with the build that devices have before. */
export async function newDevice(transfer: Transfer, root: string): Promise<string> {
  const words = ['device', 'init', '--root', root, '--source', transfer.url];
  await done([...words, '--trust', transfer.rootHash]);
  if (transfer.before !== undefined) await done(['update', '--root', root, transfer.before]);
  return root;
}

/**
 * Installs the build once undisturbed and once ended `kills` times by SIGKILL, each after a random share of what was
 * left. Throws when the tree that results is not exactly the published one.
 */
export async function costOfKills(
  transfer: Transfer,
  scratch: Scratch,
  kills: number,
): Promise<TransferCost> {
  const clean = await installCounted(transfer, scratch.file('undisturbed'), 0);
  const disturbed = await installCounted(transfer, scratch.file('disturbed'), kills);
  return { clean, disturbed, limit: clean * 1.02 + kills * 64 * 1024 };
}

async function installCounted(transfer: Transfer, device: string, kills: number): Promise<number> {
  const { bytes, build, tree } = transfer;
  const root = await newDevice(transfer, device);
  const before = transfer.received();
  const received = () => transfer.received() - before;
  for (let left = kills; left > 0; left -= 1) {
    const share = (bytes - received()) / (left + 1);
    const goal = Math.min(received() + Math.random() * 2 * share, bytes * 0.98);
    const running = startSatchel(['update', '--root', root]);
    await when(() => received() >= goal, running.ended);
    await transfer.kill(running);
  }
  await done<UpdateResult>(['update', '--root', root]);
  assertSameTree(pristine(root, build), tree);
  return received();
}
