/**
 * A device that installs a large build through a site whose line to the origin is cut, and whose process is killed, at
 * random moments: what the site read from its sockets in all, counted by a proxy between it and the origin.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { startCountingProxy } from '../../bench/counting-proxy.ts';
import { startFaultServer } from './fault-server.ts';
import { freePort } from './free-port.ts';
import { type TransferCost, throttled } from './killed-transfer.ts';
import { assertSameTree } from './same-tree.ts';
import { done, pristine, type Running, satchel, startSatchel } from './satchel-program.ts';
import type { Scratch } from './scratch.ts';
import { when } from './when.ts';

/** A published build of incompressible files. */
export type LargeBuild = {
  readonly repository: string;
  readonly tree: string;
  readonly build: string;
  readonly rootHash: string;
  readonly bytes: number;
};

export type Interruptions = {
  /** How many times. */
  readonly times: number;
  /** Pace of each answer of the origin. */
  readonly bytesPerSecond: number;
};

/**
 * Installs the build through a new site once undisturbed and once interrupted, each time after a random share of what
 * was left: the line is cut, or the site is killed and started again. Throws when the tree is not exactly the published
 * one.
 */
export async function costOfInterruptions(
  large: LargeBuild,
  scratch: Scratch,
  { times, bytesPerSecond }: Interruptions,
): Promise<TransferCost> {
  const clean = await installThroughSite(large, scratch.file('clean'), { times: 0, bytesPerSecond });
  const disturbed = await installThroughSite(large, scratch.file('disturbed'), { times, bytesPerSecond });
  return { clean, disturbed, limit: clean * 1.02 + times * 64 * 1024 };
}

async function installThroughSite(
  { repository, tree, build, rootHash, bytes }: LargeBuild,
  folder: string,
  { times, bytesPerSecond }: Interruptions,
): Promise<number> {
  const origin = await startFaultServer(repository, throttled(bytesPerSecond));
  const proxy = await startCountingProxy(origin.port);
  const site = `${folder}-site`;
  const root = `${folder}-device`;
  const listen = `127.0.0.1:${await freePort()}`;
  let server: Running | undefined;
  try {
    await done(['site', 'join', `http://127.0.0.1:${proxy.port}`, '--trust', rootHash, '--repo', site]);
    const start = async () => {
      const started = startSatchel(['serve', '--repo', site, '--listen', listen, '--json']);
      server = started;
      let isReady = false;
      started.child.stdout?.once('data', () => {
        isReady = true;
      });
      await when(() => isReady, started.ended);
    };
    await start();
    await done(['device', 'init', '--root', root, '--source', `http://${listen}`, '--trust', rootHash]);
    const before = proxy.passed().toClient;
    let neverRead = 0;
    const received = () => proxy.passed().toClient - before - neverRead;
    const update = updateUntilDone(root);
    for (let left = times; left > 0; left -= 1) {
      const share = (bytes - received()) / (left + 1);
      const goal = Math.min(received() + Math.random() * 2 * share, bytes * 0.98);
      await when(() => received() >= goal, update.ended);
      if (Math.random() < 0.5) await proxy.cut();
      else {
        server!.child.kill('SIGSTOP');
        neverRead += await proxy.unread();
        server!.child.kill('SIGKILL');
        await server!.ended;
        await start();
      }
    }
    await update.ended;
    assertSameTree(pristine(root, build), tree);
    return received();
  } finally {
    server?.child.kill('SIGTERM');
    await server?.ended;
    await proxy.close();
    await origin.close();
    for (const path of [site, `${site}.site`, root]) rmSync(path, { recursive: true, force: true });
  }
}

/** Updates as an agent would: again and again until it has gone well. */
function updateUntilDone(root: string): { readonly ended: Promise<void> } {
  const again = async () => {
    const complaints: string[] = [];
    for (;;) {
      const { code, stderr } = await satchel(['update', '--root', root]);
      if (code === 0) return;
      complaints.push(stderr);
      assert.ok(complaints.length < 500, complaints.slice(-5).join(''));
    }
  };
  const ended = again();
  ended.catch(() => undefined);
  return { ended };
}
