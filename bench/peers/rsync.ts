import { writeFileSync } from 'node:fs';
import { type Measured, measure, run } from '../measure.ts';
import { freePort, type Server, startServer } from '../servers.ts';

/** Everything that a build carries; what a fair transfer by rsync has to name. */
const everything = ['-aHAX', '--numeric-ids'];

export async function rsyncVersion(): Promise<string> {
  return (await run({ program: 'rsync', parameters: ['--version'] })).split('\n')[0]!.replace(/\s+/g, ' ');
}

/** An rsync daemon, run as root, that offers one module a tree. */
export async function serveTrees(
  configuration: string,
  modules: Readonly<Record<string, string>>,
): Promise<Server> {
  const port = await freePort();
  const settings = [
    'use chroot = no',
    'uid = 0',
    'gid = 0',
    'read only = yes',
    'numeric ids = yes',
    'log file = /dev/null',
    ...Object.entries(modules).map(([name, path]) => `[${name}]\npath = ${path}`),
  ];
  writeFileSync(configuration, `${settings.join('\n')}\n`);
  return await startServer(port, {
    program: 'rsync',
    parameters: [
      '--daemon',
      '--no-detach',
      '--address=127.0.0.1',
      `--port=${port}`,
      `--config=${configuration}`,
    ],
  });
}

/** Copies a module into a directory, measured. `options` such as `--link-dest=…` or `-z` come on top. */
export function pull(
  port: number,
  module: string,
  directory: string,
  ...options: string[]
): Promise<Measured> {
  return measure({
    program: 'rsync',
    parameters: [...everything, ...options, `rsync://127.0.0.1:${port}/${module}/`, `${directory}/`],
  });
}
