import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, type Measured, measure, run } from '../measure.ts';
import { type Address, freePort, loopback, type Place, type Server, startServer, urlOf } from '../servers.ts';

/** What `satchel update --json` says of itself; the bench measures the same from outside. */
export type UpdateReport = {
  readonly build: string;
  readonly plan: string;
  readonly bytesReceived: number;
  readonly requests: number;
};

/**
 * The programs under measurement: the checkout's, or those that `SATCHEL_PROGRAM` (both sides) and
 * `SATCHEL_DEVICE_PROGRAM` (the device's alone) name, for example a bundle.
 */
const originProgram = resolve(
  process.env.SATCHEL_PROGRAM ?? join(import.meta.dirname, '..', '..', 'satchel'),
);
const deviceProgram = resolve(process.env.SATCHEL_DEVICE_PROGRAM ?? originProgram);

/** Deltas are made when a row asks for them, never in the background of another. */
const environment = { SATCHEL_LANG: 'en', SATCHEL_DELTAS: '0' };

function atOrigin(...parameters: string[]): Command {
  return { program: originProgram, parameters, environment };
}

function onDevice(...parameters: string[]): Command {
  return { program: deviceProgram, parameters, environment };
}

/** The program's version, for the report. */
export async function satchelVersion(): Promise<string> {
  return (await run(onDevice('--version'))).trim();
}

/** An empty repository. */
export async function initRepository(repository: string): Promise<void> {
  await run(atOrigin('init', '--repo', repository));
}

/** A repository of its own with the same builds, and with the keys that lie beside it. */
export async function copyRepository(original: string, copy: string): Promise<void> {
  for (const ending of ['', '.keys'])
    await run({ program: 'cp', parameters: ['-a', `${original}${ending}`, `${copy}${ending}`] });
}

/** Publishes a tar, measured. */
export function publish(
  repository: string,
  name: string,
  source: string,
  ...options: string[]
): Promise<Measured> {
  return measure(atOrigin('publish', '--repo', repository, '--name', name, ...options, source));
}

/** Whether the program can make deltas: an older one, measured for comparison, cannot. */
export async function knowsDeltas(): Promise<boolean> {
  return await run(atOrigin('help', 'delta', 'create')).then(
    () => true,
    () => false,
  );
}

/** Makes the delta from one build to another, measured. */
export function makeDelta(repository: string, from: string, to: string): Promise<Measured> {
  return measure(atOrigin('delta', 'create', '--repo', repository, from, to));
}

/** Serves a repository. */
export async function serve(repository: string, place: Place = loopback): Promise<Server> {
  const port = await freePort();
  const command = atOrigin('serve', '--repo', repository, '--listen', `${place.host}:${port}`);
  return await startServer(place, port, command);
}

/** Makes a new directory a site below a server. */
export async function joinSite(repository: string, at: Address): Promise<void> {
  const command = atOrigin('site', 'join', urlOf(at), '--trust-on-first-use', '--repo', repository);
  await run(at.network === undefined ? command : { ...command, network: at.network });
}

/** Serves a repository's builds to rsync clients; `directory` gets their trees. The address is the rsync daemon's. */
export async function serveRsync(repository: string, directory: string): Promise<Server> {
  const [http, port] = [await freePort(), await freePort()];
  const at = ['--listen', `${loopback.host}:${http}`, '--rsync', `${loopback.host}:${port}`];
  const command = atOrigin('serve', '--repo', repository, ...at, '--rsync-dir', directory);
  return await startServer(loopback, port, command);
}

/** Makes a directory a device of the server. */
export async function initDevice(root: string, at: Address): Promise<void> {
  const source = urlOf(at);
  await run(onDevice('device', 'init', '--root', root, '--source', source, '--trust-on-first-use'));
}

/** Brings a device to a build, measured; `at` is the server to ask, else the one that it was made for. */
export async function update(
  root: string,
  name: string,
  at?: Address,
): Promise<Measured & { readonly report: UpdateReport }> {
  const measured = await measure(updateCommand(root, name, at));
  return { ...measured, report: JSON.parse(measured.output) as UpdateReport };
}

/** The command of an update, for runs that are killed. */
export function updateCommand(root: string, name: string, at?: Address): Command {
  const source = at === undefined ? [] : ['--source', urlOf(at)];
  const command = onDevice('update', '--root', root, '--json', ...source, name);
  return at?.network === undefined ? command : { ...command, network: at.network };
}

/** Where trees are made before they get their place; a tree's name appears there and goes again. */
export function stageDirectory(root: string): string {
  return join(root, 'versions', 'updates', 'satchel', 'stage');
}

/** The tree of an installed build, in either of the layouts of the old system. */
export function installedTree(root: string, name: string): string {
  const pristine = join(root, 'versions', 'pristine');
  const found = readdirSync(pristine).find((entry) => entry === name);
  if (found === undefined) throw new Error(`${name} is not installed: ${readdirSync(pristine).join(', ')}`);
  return join(pristine, found);
}
