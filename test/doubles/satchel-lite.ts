/** satchel-lite under the shells that it is written for, as a process of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The program of this checkout. */
export const liteProgram = resolve(import.meta.dirname, '../../initramfs/satchel-lite');

/** A shell with the commands that it finds. */
export type LiteShell = { readonly name: string; readonly words: readonly string[]; readonly path: string };

/** How a call ended. */
export type LiteRan = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** A call that runs; it has a process group of its own, which is the number of its child. */
export type LiteRunning = { readonly child: ChildProcess; readonly ended: Promise<LiteRan> };

/** dash with the commands of Debian, and busybox with nothing but its own and the two programs that it lacks. */
export function liteShells(folder: string): readonly LiteShell[] {
  const bin = join(folder, 'busybox-bin');
  mkdirSync(bin);
  const { stdout } = spawnSync('busybox', ['--list'], { encoding: 'utf8' });
  for (const name of stdout.split('\n').filter((name) => name !== ''))
    symlinkSync(which('busybox'), join(bin, name));
  for (const name of ['rsync', 'openssl']) symlinkSync(which(name), join(bin, name));
  return [
    { name: 'dash', words: ['dash'], path: process.env.PATH ?? '' },
    { name: 'busybox', words: [join(bin, 'sh')], path: bin },
  ];
}

/** Starts a call in English with an environment of its own. */
export function startLite(
  shell: LiteShell,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): LiteRunning {
  const [program, ...rest] = [...shell.words, liteProgram, ...words] as [string, ...string[]];
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: {
      PATH: shell.path,
      LANG: 'C.UTF-8',
      SATCHEL_LITE_TIMEOUT: '20',
      SATCHEL_LITE_ATTEMPTS: '2',
      SATCHEL_LITE_PAUSE: '0',
      ...environment,
    },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<LiteRan>((done, failed) => {
    child.once('error', failed);
    child.once('close', (code) => done({ code, stdout, stderr }));
  });
  return { child, ended };
}

function which(name: string): string {
  return spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
}
