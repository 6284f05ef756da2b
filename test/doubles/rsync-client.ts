/** The real rsync program as a client of a daemon. */
import { spawn } from 'node:child_process';

/** How a call of rsync ended. */
export type RsyncEnd = {
  readonly code: number | null;
  readonly stdout: string;
  /** What it and the daemon said about a failure. */
  readonly stderr: string;
};

/** A client that runs. */
export type RsyncClient = {
  readonly ended: Promise<RsyncEnd>;
  /** Kills it with its second process, which would wait for the first. */
  kill(): void;
};

/** Starts rsync. It gives up by itself after a minute without a byte. */
export function startRsyncClient(...words: readonly string[]): RsyncClient {
  const child = spawn('rsync', ['--timeout=60', '--contimeout=10', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<RsyncEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { ended, kill: () => process.kill(-Number(child.pid), 'SIGKILL') };
}

/** Runs rsync to its end. */
export function rsync(...words: readonly string[]): Promise<RsyncEnd> {
  return startRsyncClient(...words).ended;
}

/** Names of the modules that a daemon lists. */
export async function modulesAt(url: string): Promise<string[]> {
  const { stdout } = await rsync(`${url}/`);
  return stdout
    .split('\n')
    .filter((line) => line.includes('\t'))
    .map((line) => line.split('\t')[0]!.trim());
}

/** Asks for the list until it is as it should be. Throws after half a minute, which nothing takes. */
export async function modulesWhen(
  url: string,
  isRight: (modules: readonly string[]) => boolean,
): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const modules = await modulesAt(url);
    if (isRight(modules)) return;
    if (Date.now() > deadline) throw new Error(`the modules are still ${modules.join(', ')}`);
  }
}
