import type { Sample } from './contest.ts';
import type { Cost } from './measure.ts';
import type { Server } from './servers.ts';

/** Devices of a room, which all update at the same moment; one number, so that the rows about rooms can be compared. */
export const devicesOfRoom = 30;

/**
 * Starts all jobs at once, which ask this server: wall time until the last has ended, CPU time of all, memory of the
 * largest.
 */
export async function measureTogether(
  server: Pick<Server, 'cpu' | 'peak'>,
  jobs: readonly (() => Promise<Cost>)[],
): Promise<Sample & { readonly serverCpu: number }> {
  const cpuBefore = server.cpu();
  const started = performance.now();
  const costs = await Promise.all(jobs.map((job) => job()));
  return {
    wall: (performance.now() - started) / 1000,
    cpu: sum(costs.map(({ cpu }) => cpu)),
    peak: Math.max(...costs.map(({ peak }) => peak)),
    written: sum(costs.map(({ written }) => written)),
    serverCpu: server.cpu() - cpuBefore,
    serverPeak: server.peak(),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
