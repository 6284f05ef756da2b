import { writeFileSync } from 'node:fs';
import { type Measured, measure, run } from '../measure.ts';
import { type Address, freePort, loopback, type Place, type Server, startServer } from '../servers.ts';

/** Everything that a build carries; what a fair transfer by rsync has to name. */
const everything = ['-aHAX', '--numeric-ids'];

export async function rsyncVersion(): Promise<string> {
  return (await run({ program: 'rsync', parameters: ['--version'] })).split('\n')[0]!.replace(/\s+/g, ' ');
}

/** An rsync daemon, run as root, that offers one module a tree. */
export async function serveTrees(
  configuration: string,
  modules: Readonly<Record<string, string>>,
  place: Place = loopback,
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
  return await startServer(place, port, {
    program: 'rsync',
    parameters: [
      '--daemon',
      '--no-detach',
      `--address=${place.host}`,
      `--port=${port}`,
      `--config=${configuration}`,
    ],
  });
}

/** Copies a module into a directory, measured. `options` such as `--link-dest=…` or `-z` come on top. */
export function pull(
  { host, port, network }: Address,
  module: string,
  directory: string,
  ...options: string[]
): Promise<Measured> {
  return measure({
    program: 'rsync',
    parameters: [...everything, ...options, `rsync://${host}:${port}/${module}/`, `${directory}/`],
    ...(network === undefined ? {} : { network }),
  });
}

/** Lists a module without its content, measured: what a client does that wants to know what is there. */
export function list({ host, port }: Address, module: string): Promise<Measured> {
  return measure({ program: 'rsync', parameters: [`rsync://${host}:${port}/${module}/`] });
}
