import { spawn } from 'node:child_process';
import type { Result } from '../contest.ts';
import { type Context, checkExact, openBuild } from '../context.ts';
import { startCountingProxy } from '../counting-proxy.ts';
import * as satchel from '../peers/satchel.ts';
import { writeIncompressibleTree } from '../trees-synthetic.ts';

const bytes = 220e6;
const kills = 20;
const pace = 60e6;

/**
 * A transfer of 220 MB, once undisturbed and once ended by SIGKILL at 20 random moments: what the client read from
 * its sockets in all. Content that no compression makes smaller, so that the transfer is as long as the tree.
 */
export async function killAndResume(context: Context): Promise<Result[]> {
  const { workspace, say } = context;
  const tar = workspace.fresh('noise.tar');
  writeIncompressibleTree(tar, bytes);
  const build = openBuild('noise-1', tar, workspace.freshDirectory('extracted'));
  const repository = workspace.fresh('repository');
  await satchel.initRepository(repository);
  await satchel.publish(repository, build.name, tar);
  const server = await satchel.serve(repository);
  const proxy = await startCountingProxy(server.at.port, { bytesPerSecond: pace });
  try {
    const clean = await installCounted(0);
    const disturbed = await installCounted(kills);
    const limit = clean * 1.02 + kills * 65536;
    say(
      `kill and resume: ${clean} bytes undisturbed, ${disturbed} with ${kills} kills, limit ${Math.floor(limit)}`,
    );
    const row = 'kill and resume';
    return [
      { pair: 'noise', row, who: 'satchel undisturbed', samples: [], wire: { bytes: clean }, tree: 'exact' },
      { pair: 'noise', row, who: 'satchel', samples: [], wire: { bytes: disturbed }, tree: 'exact' },
    ];
  } finally {
    await proxy.close();
    await server.stop();
  }

  /** Installs with so many kills; bytes that the client has read from its sockets in all. */
  async function installCounted(times: number): Promise<number> {
    const device = workspace.freshDirectory('device');
    await satchel.initDevice(device, { host: '127.0.0.1', port: proxy.port });
    const before = proxy.passed().toClient;
    let unread = 0;
    const read = () => proxy.passed().toClient - before - unread;
    // Each kill after a random share of what is left, so that they spread over the whole transfer.
    for (let left = times; left > 0; left -= 1) {
      const goal = read() + Math.random() * 2 * ((bytes - read()) / (left + 1));
      unread += await killAt(device, () => read() >= Math.min(goal, bytes * 0.98));
    }
    await satchel.update(device, build.name);
    checkExact(build, satchel.installedTree(device, build.name));
    return read();
  }

  /** Starts an update and kills it when the condition holds. Bytes that it was sent and had not read. */
  async function killAt(device: string, reached: () => boolean): Promise<number> {
    const command = satchel.updateCommand(device, build.name);
    // A group of its own, so that a wrapper script and the program behind it die together.
    const child = spawn(command.program, command.parameters, {
      stdio: 'ignore',
      env: { ...process.env, ...command.environment },
      detached: true,
    });
    const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
    while (!reached()) {
      if (child.exitCode !== null) throw new Error('an update ended before it could be killed');
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    // Standing still first: what it has read by now is then certain.
    process.kill(-child.pid!, 'SIGSTOP');
    const unread = await proxy.unread();
    process.kill(-child.pid!, 'SIGKILL');
    await ended;
    return unread;
  }
}
