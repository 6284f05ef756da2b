/** What the tests of bad input share: the real command line, and a proof that nothing on the disk changed. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type MessageCode, messages } from '../../src/base/catalogue.ts';

const launcher = path.resolve(import.meta.dirname, '../../satchel');

/** How one call of the command line ended. */
export type Ran = {
  readonly words: readonly string[];
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
  /** Most bytes of memory that the process was seen to hold; children of it are not counted. */
  readonly memory: number;
};

export type RunOptions = {
  readonly input?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Run as this user, when the tests run as root; `program` has to be one that he may read. */
  readonly user?: number;
  /** The launcher, where it is not this checkout's. */
  readonly program?: string;
  /** Milliseconds after which the process is ended; then `signal` is set. */
  readonly patience?: number;
};

/** Runs `./satchel` with these words to its end. */
export async function satchel(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const started = performance.now();
  const child = spawn(options.program ?? launcher, [...words], {
    cwd: options.cwd,
    env: { ...process.env, SATCHEL_LANG: 'en', SATCHEL_DELTAS: '0', ...options.env },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    timeout: options.patience ?? 120_000,
    killSignal: 'SIGKILL',
    ...(options.user === undefined ? {} : { uid: options.user, gid: options.user }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  let memory = 0;
  const watch = setInterval(() => {
    memory = Math.max(memory, highestMemory(child.pid));
  }, 25);
  if (options.input !== undefined) void feed(child.stdin!, options.input);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...end) => resolve(end));
  });
  clearInterval(watch);
  return { words, code, signal, stdout, stderr, memory, seconds: (performance.now() - started) / 1000 };
}

/** A program that refuses its input stops reading it: that is no failure of the test. */
async function feed(stdin: NodeJS.WritableStream, input: Uint8Array | AsyncIterable<Uint8Array>) {
  stdin.on('error', () => undefined);
  for await (const piece of input instanceof Uint8Array ? [input] : input) {
    if (!(stdin as NodeJS.WritableStream & { writable: boolean }).writable) return;
    if (!stdin.write(piece))
      await new Promise<void>((resolve) => {
        stdin.once('drain', resolve);
        stdin.once('close', resolve);
      });
  }
  stdin.end();
}

function highestMemory(pid: number | undefined): number {
  try {
    const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(line?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Runs a call that must succeed and gives its JSON result. */
export async function succeed(words: readonly string[], options: RunOptions = {}) {
  const ran = await satchel([...words, '--json'], options);
  assert.equal(ran.code, 0, `${words.join(' ')}\n${ran.stdout}${ran.stderr}`);
  return JSON.parse(ran.stdout);
}

/** What a refused call said. */
export type Refusal = Ran & { readonly error: { code: MessageCode; message: string; hint?: string } };

/**
 * Runs a call that must be refused: a code, a sentence that ends like one, advice what to do, no stack trace, and one
 * JSON object on standard output. `expected` lists the codes that are right.
 */
export async function refused(
  words: readonly string[],
  expected: MessageCode | readonly MessageCode[],
  options: RunOptions = {},
): Promise<Refusal> {
  const ran = await satchel([...words, '--json'], options);
  const told = `${words.join(' ')}\n${ran.stdout}${ran.stderr}`;
  assert.equal(ran.signal, null, `it had to be ended: ${told}`);
  assert.notEqual(ran.code, 0, `it was accepted: ${told}`);
  const { error } = JSON.parse(ran.stdout);
  const codes = typeof expected === 'string' ? [expected] : expected;
  assert.ok(codes.includes(error.code), `${error.code} instead of ${codes.join(' or ')}: ${told}`);
  assert.equal(ran.code, messages[error.code as MessageCode].exit ?? 1, told);
  assert.doesNotMatch(ran.stderr, /\n\s+at .*[(:]\d+|node:internal|undefined|\[object|NaN/, told);
  assert.match(ran.stderr, /^satchel: .+\.$/m, told);
  assert.match(ran.stderr, /^ {2}[¡¿A-Z"].+\.$/m, `no advice: ${told}`);
  return { ...ran, error };
}

/**
 * Everything below these folders: type, mode, owner, times, inode, link target and SHA-256 of each path. `except`
 * leaves paths out, by the start of the path below its folder.
 */
export function listing(folders: readonly string[], except: readonly string[] = []): string[] {
  const lines: string[] = [];
  const visit = (top: string, relative: string) => {
    if (except.some((start) => relative === start || relative.startsWith(`${start}/`))) return;
    const full = path.join(top, relative);
    const stat = lstatSync(full, { throwIfNoEntry: false, bigint: true });
    if (stat === undefined) return void lines.push(`${full} absent`);
    const content = stat.isSymbolicLink()
      ? readlinkSync(full)
      : stat.isFile()
        ? hash('sha256', readFileSync(full))
        : '';
    // What is left out changes the time of its folder.
    const time = stat.isDirectory() && except.length > 0 ? '' : stat.mtimeNs;
    lines.push(`${full} ${stat.mode} ${stat.uid}:${stat.gid} ${stat.ino} ${time} ${content}`);
    if (stat.isDirectory())
      for (const child of readdirSync(full).sort())
        visit(top, relative === '' ? child : `${relative}/${child}`);
  };
  for (const folder of folders) visit(folder, '');
  return lines;
}

/** Runs `action` and makes sure that it left everything below these folders as it was. */
export async function unchanged<Result>(
  folders: readonly string[],
  action: () => Promise<Result>,
  except: readonly string[] = [],
): Promise<Result> {
  const before = listing(folders, except);
  const result = await action();
  assert.deepEqual(listing(folders, except), before);
  return result;
}

/** A temporary folder of one test file; `remove` when the file is done. */
export function workspace(name: string) {
  const directory = mkdtempSync(path.join(tmpdir(), `satchel-${name}-`));
  const at = (...parts: string[]) => path.join(directory, ...parts);
  return {
    directory,
    at,
    /** Writes a file below the folder and gives its path. */
    write(name: string, content: string | Uint8Array): string {
      const file = at(name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
