import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '../contest.ts';
import type { Context } from '../context.ts';
import { startCountingProxy } from '../counting-proxy.ts';
import { measure } from '../measure.ts';
import * as satchel from '../peers/satchel.ts';
import { loopback, urlOf } from '../servers.ts';

const askers = 500;

/**
 * As many connections as a school may have, each of which asks a cold site for the largest delta at the same moment: the
 * memory of the site, and what it read from the origin.
 */
export async function manyAskers(
  { workspace, say }: Context,
  pair: string,
  repository: string,
): Promise<Result[]> {
  const row = `${askers} askers of a site`;
  const file = largestDelta(repository);
  const origin = await satchel.serve(repository, loopback);
  const proxy = await startCountingProxy(origin.at.port);
  const site = workspace.fresh('site');
  try {
    await satchel.joinSite(site, { host: loopback.host, port: proxy.port });
    const server = await satchel.serve(site, loopback);
    try {
      const before = proxy.passed();
      const cpuBefore = server.cpu();
      const program = join(import.meta.dirname, 'site-askers-program.ts');
      const url = `${urlOf(server.at)}/deltas/${file.name}`;
      const { wall, cpu, peak, written, output } = await measure({
        program: process.execPath,
        parameters: [program, url, String(askers), file.name.replace(/\..*/, '')],
      });
      const passed = proxy.passed();
      const bytes = passed.toClient - before.toClient;
      say(`${row}: ${wall.toFixed(2)} s, ${output.trim()}, ${bytes} bytes from the origin`);
      const served = { serverCpu: server.cpu() - cpuBefore, serverPeak: server.peak() };
      return [
        {
          ...{ pair, row, who: 'satchel' },
          samples: [{ wall, cpu, peak, written, ...served }],
          wire: { bytes, requests: passed.requests - before.requests },
        },
        { pair, row, who: 'the file', samples: [], wire: { bytes: file.size } },
      ];
    } finally {
      await server.stop();
    }
  } finally {
    await proxy.close();
    await origin.stop();
  }
}

function largestDelta(repository: string): { readonly name: string; readonly size: number } {
  const folder = join(repository, 'deltas');
  const files = readdirSync(folder).map((name) => ({ name, size: statSync(join(folder, name)).size }));
  const [largest] = files.sort((one, other) => other.size - one.size);
  if (largest === undefined) throw new Error(`${repository} has no delta`);
  return largest;
}
