import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, type Measured, measure, run } from '../measure.ts';
import { freePort, type Server, startServer } from '../servers.ts';

/** What `satchel update --json` says of itself; the bench measures the same from outside. */
export type UpdateReport = {
  readonly build: string;
  readonly plan: string;
  readonly bytesReceived: number;
  readonly requests: number;
};

/** The program under measurement: the checkout's, or the one that `SATCHEL_PROGRAM` names (a bundle). */
const program = resolve(process.env.SATCHEL_PROGRAM ?? join(import.meta.dirname, '..', '..', 'satchel'));

function satchel(...parameters: string[]): Command {
  return { program, parameters, environment: { SATCHEL_LANG: 'en' } };
}

/** The program's version, for the report. */
export async function satchelVersion(): Promise<string> {
  return (await run(satchel('--version'))).trim();
}

/** An empty repository. */
export async function initRepository(repository: string): Promise<void> {
  await run(satchel('init', '--repo', repository));
}

/** Publishes a tar, measured. */
export function publish(
  repository: string,
  name: string,
  source: string,
  ...options: string[]
): Promise<Measured> {
  return measure(satchel('publish', '--repo', repository, '--name', name, ...options, source));
}

/** Serves a repository on loopback. */
export async function serve(repository: string): Promise<Server> {
  const port = await freePort();
  return await startServer(port, satchel('serve', '--repo', repository, '--listen', `127.0.0.1:${port}`));
}

/** Makes a directory a device of the server at the port. */
export async function initDevice(root: string, port: number): Promise<void> {
  const source = `http://127.0.0.1:${port}`;
  await run(satchel('device', 'init', '--root', root, '--source', source, '--trust-on-first-use'));
}

/** Brings a device to a build, measured. */
export async function update(
  root: string,
  name: string,
  ...options: string[]
): Promise<Measured & { readonly report: UpdateReport }> {
  const measured = await measure(updateCommand(root, name, ...options));
  return { ...measured, report: JSON.parse(measured.output) as UpdateReport };
}

/** The command of an update, for runs that are killed. */
export function updateCommand(root: string, name: string, ...options: string[]): Command {
  return satchel('update', '--root', root, '--json', ...options, name);
}

/** The tree of an installed build, in either of the layouts of the old system. */
export function installedTree(root: string, name: string): string {
  const pristine = join(root, 'versions', 'pristine');
  const found = readdirSync(pristine).find((entry) => entry === name);
  if (found === undefined) throw new Error(`${name} is not installed: ${readdirSync(pristine).join(', ')}`);
  return join(pristine, found);
}
