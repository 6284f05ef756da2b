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
 * A transfer of 220 MB, once undisturbed and once ended by SIGKILL at 20 random moments. The proxy paces what it
 * passes on, so that what it counted is what the client has read, up to a piece or two.
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
  const proxy = await startCountingProxy(server.port, { bytesPerSecond: pace });
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

  async function installCounted(times: number): Promise<number> {
    const device = workspace.freshDirectory('device');
    await satchel.initDevice(device, proxy.port);
    const before = proxy.passed().toClient;
    // A kill now and then as the transfer goes on: each after a random share of what is left.
    for (let left = times; left > 0; left -= 1) {
      const received = proxy.passed().toClient - before;
      const goal = received + Math.random() * 2 * ((bytes - received) / (left + 1));
      await updateUntil(device, () => proxy.passed().toClient - before >= Math.min(goal, bytes * 0.98));
    }
    await satchel.update(device, build.name);
    checkExact(build, satchel.installedTree(device, build.name));
    return proxy.passed().toClient - before;
  }

  /** Starts an update and kills it as soon as the condition holds (or lets it end). */
  async function updateUntil(device: string, reached: () => boolean): Promise<void> {
    const command = satchel.updateCommand(device, build.name);
    // A group of its own, so that a wrapper script and the program behind it die together.
    const child = spawn(command.program, command.parameters, {
      stdio: 'ignore',
      env: { ...process.env, ...command.environment },
      detached: true,
    });
    const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
    const watch = setInterval(() => {
      if (reached() && child.exitCode === null) process.kill(-child.pid!, 'SIGKILL');
    }, 2);
    await ended;
    clearInterval(watch);
  }
}
