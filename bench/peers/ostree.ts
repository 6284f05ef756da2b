import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Measured, measure, run } from '../measure.ts';
import { freePort, type Server, startServer } from '../servers.ts';

export async function ostreeVersion(): Promise<string> {
  const version = /Version: '([^']+)'/.exec(await run({ program: 'ostree', parameters: ['--version'] }))?.[1];
  return `ostree ${version ?? 'of unknown version'}`;
}

/** An empty repository as a server keeps it: every object compressed by itself. */
export async function initArchive(repository: string): Promise<void> {
  await run({ program: 'ostree', parameters: ['init', `--repo=${repository}`, '--mode=archive'] });
}

/** Commits a directory, measured. It must hold no device nodes: ostree refuses them. */
export function commit(
  repository: string,
  branch: string,
  directory: string,
  ...options: string[]
): Promise<Measured> {
  return commitFrom(repository, branch, `dir=${directory}`, ...options);
}

/** Commits a tar, measured. It must hold no device nodes either. */
export function commitTar(repository: string, branch: string, archive: string): Promise<Measured> {
  return commitFrom(repository, branch, `tar=${archive}`, '--tar-autocreate-parents');
}

function commitFrom(
  repository: string,
  branch: string,
  tree: string,
  ...options: string[]
): Promise<Measured> {
  return measure({
    program: 'ostree',
    parameters: [
      'commit',
      `--repo=${repository}`,
      `--branch=${branch}`,
      `--tree=${tree}`,
      '--subject=bench',
      ...options,
    ],
  });
}

/** nginx over the repository, as ostree's own documents advise, with a log of requests. */
export async function serveArchive(
  repository: string,
  scratch: string,
): Promise<Server & { requests(): number }> {
  const port = await freePort();
  mkdirSync(scratch, { recursive: true });
  const log = join(scratch, 'requests');
  const configuration = join(scratch, 'nginx.conf');
  writeFileSync(configuration, nginxConfiguration(port, repository, scratch, log));
  const server = await startServer(port, {
    program: 'nginx',
    parameters: ['-c', configuration, '-p', scratch, '-e', join(scratch, 'errors'), '-g', 'daemon off;'],
  });
  return { ...server, requests: () => readFileSync(log, 'latin1').split('\n').length - 1 };
}

/** A client's repository with the server as its remote; files lie in it as they are, ready to be linked. */
export async function initClient(repository: string, port: number): Promise<void> {
  await run({ program: 'ostree', parameters: ['init', `--repo=${repository}`, '--mode=bare'] });
  await pointClientAt(repository, port);
}

/** Changes the address of the remote. */
export async function pointClientAt(repository: string, port: number): Promise<void> {
  await run({
    program: 'ostree',
    parameters: [
      'remote',
      'add',
      `--repo=${repository}`,
      '--force',
      '--no-gpg-verify',
      'origin',
      `http://127.0.0.1:${port}`,
    ],
  });
}

/** Fetches a branch, measured. */
export function pull(repository: string, branch: string): Promise<Measured> {
  return measure({ program: 'ostree', parameters: ['pull', `--repo=${repository}`, 'origin', branch] });
}

/** Fetches a branch and checks it out with hard links, measured as one. */
export function pullAndCheckout(repository: string, branch: string, directory: string): Promise<Measured> {
  const script = 'ostree pull --repo="$1" origin "$2" && ostree checkout --repo="$1" -H "origin:$2" "$3"';
  return measure({ program: 'sh', parameters: ['-c', script, 'sh', repository, branch, directory] });
}

function nginxConfiguration(port: number, repository: string, scratch: string, log: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
user root;
worker_processes 1;
pid ${scratch}/pid;
events { worker_connections 1024; }
http {
  access_log ${log};
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000;
  default_type application/octet-stream;
${temporary.map((name) => `  ${name}_temp_path ${scratch}/${name};`).join('\n')}
  server { listen 127.0.0.1:${port}; root ${repository}; }
}
`;
}
