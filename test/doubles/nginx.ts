import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { exchange } from './http-exchange.ts';

/** A real nginx over a repository. */
export type Nginx = {
  readonly url: string;
  /** Process id of the master; the workers are its children. */
  readonly pid: number;
  /** Seconds of processor time that master and workers have used so far. */
  cpuSeconds(): number;
  close(): Promise<void>;
};

/** True when nginx is installed. */
export function nginxInstalled(): boolean {
  return spawnSync('nginx', ['-v'], { env: withSystemPath() }).status === 0;
}

/**
 * Serves a directory with real nginx on loopback, by the configuration that operators get (`docs/nginx.conf`; only
 * its two lines marked CHANGE are replaced). Throws when nginx does not start.
 */
export async function startNginx(directory: string): Promise<Nginx> {
  const scratch = mkdtempSync(join(tmpdir(), 'satchel-nginx-'));
  const port = await freePort();
  writeFileSync(join(scratch, 'nginx.conf'), mainConfiguration(scratch));
  writeFileSync(join(scratch, 'server.conf'), serverConfiguration(directory, port));
  mkdirSync(join(scratch, 'bodies'));
  const child = spawn('nginx', ['-p', scratch, '-c', join(scratch, 'nginx.conf'), '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: withSystemPath(),
  });
  let complaints = '';
  child.stderr?.on('data', (piece: Buffer) => {
    complaints = (complaints + piece.toString()).slice(-4000);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  const url = `http://127.0.0.1:${port}`;
  try {
    await answering(url, child);
  } catch (error) {
    child.kill('SIGKILL');
    await ended;
    rmSync(scratch, { recursive: true, force: true });
    throw new Error(`nginx did not start: ${complaints}`, { cause: error });
  }
  const pid = child.pid ?? 0;
  return {
    url,
    pid,
    cpuSeconds: () => [pid, ...childrenOf(pid)].reduce((sum, process) => sum + cpuSecondsOf(process), 0),
    async close() {
      child.kill('SIGTERM');
      await ended;
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

function mainConfiguration(scratch: string): string {
  // Workers of a master that is root would otherwise be another user, who may not read a temporary directory.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((part) => `${part}_temp_path ${join(scratch, 'bodies')};`)
    .join('\n  ');
  return `${user}
daemon off;
worker_processes 2;
pid ${join(scratch, 'nginx.pid')};
error_log stderr warn;
events { worker_connections 512; }
http {
  access_log off;
  ${temporary}
  include ${join(scratch, 'server.conf')};
}
`;
}

function serverConfiguration(directory: string, port: number): string {
  const shipped = readFileSync(new URL('../../docs/nginx.conf', import.meta.url), 'utf8');
  let replaced = 0;
  const changed = shipped.replace(/^( *)(listen|root) [^;]*;( *# CHANGE)/gm, (_line, indent, word, note) => {
    replaced += 1;
    return `${indent}${word} ${word === 'listen' ? `127.0.0.1:${port}` : `"${directory}"`};${note}`;
  });
  if (replaced !== 2) throw new Error(`docs/nginx.conf has ${replaced} lines to change instead of 2`);
  return changed;
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      await exchange(url, '/');
      return;
    } catch (error) {
      if (child.exitCode !== null || child.pid === undefined || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

/** User and system time of a process, from fields 14 and 15 of `/proc/PID/stat`. */
function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond();
}

let ticks: number | undefined;

function ticksPerSecond(): number {
  ticks ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return ticks;
}

/** Debian puts nginx where an ordinary user's PATH does not look. */
function withSystemPath(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
}
