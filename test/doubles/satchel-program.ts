/** `./satchel` as a process of its own: how the whole stories call it, and what came of it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

/** The launcher of this checkout. */
export const launcher = resolve(import.meta.dirname, '../../satchel');

/** How a process is started. */
export type ProgramOptions = {
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: Uint8Array;
  /** What the machine's clock shows, for example `2040-01-01 00:00:00`, in UTC; needs `faketimeLibrary`. */
  readonly clock?: string;
  /** Words that stand before the program: another user, a tracer. */
  readonly wrapper?: readonly string[];
};

/** How a process ended. */
export type Ran = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** A process that runs. */
export type Running = {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
};

/** What `--json` prints when a command fails, and the exit code. */
export type Refusal = {
  readonly exitCode: number | null;
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly stderr: string;
};

/** Starts the program in English with an environment of its own. */
export function startSatchel(words: readonly string[], options: ProgramOptions = {}): Running {
  const { clock, wrapper = [], environment, input } = options;
  const [program, ...rest] = [...wrapper, launcher, ...words] as [string, ...string[]];
  const child = spawn(program, rest, {
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: { ...cleanEnvironment(), ...(clock === undefined ? {} : clockEnvironment(clock)), ...environment },
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ran>((done, failed) => {
    child.once('error', failed);
    child.once('close', (code, signal) => done({ code, signal, stdout, stderr }));
  });
  return { child, ended };
}

/** Runs the program to its end. */
export function satchel(words: readonly string[], options?: ProgramOptions): Promise<Ran> {
  return startSatchel(words, options).ended;
}

/** Runs a command with `--json` that has to end with code 0, and gives the one object that it prints. */
export async function done<Result = Readonly<Record<string, unknown>>>(
  words: readonly string[],
  options?: ProgramOptions,
): Promise<Result> {
  return (await doneWith<Result>(words, options)).report;
}

/** As {@link done}, with what was said on standard error. */
export async function doneWith<Result = Readonly<Record<string, unknown>>>(
  words: readonly string[],
  options?: ProgramOptions,
): Promise<{ report: Result; stderr: string }> {
  const { code, stdout, stderr } = await satchel([...words, '--json'], options);
  assert.equal(code, 0, `satchel ${words.join(' ')}\n${stderr}`);
  return { report: onlyObject<Result>(stdout), stderr };
}

/** Runs a command with `--json` that has to fail with a sentence, and gives what it said. */
export async function refused(words: readonly string[], options?: ProgramOptions): Promise<Refusal> {
  const { code, stdout, stderr } = await satchel([...words, '--json'], options);
  assert.notEqual(code, 0, `satchel ${words.join(' ')} was expected to fail\n${stdout}`);
  const { error } = onlyObject<{ error: Omit<Refusal, 'exitCode' | 'stderr'> }>(stdout);
  assert.doesNotMatch(stderr, /\n {4}at /, 'a stack trace is no sentence');
  return { ...error, exitCode: code, stderr };
}

/** What `--json` printed: one object on one line, and nothing else. */
function onlyObject<Result>(stdout: string): Result {
  assert.match(stdout, /^\{.*\}\n$/, 'standard output is one object');
  return JSON.parse(stdout) as Result;
}

/** A running `satchel serve`. */
export type RunningServer = {
  readonly url: string;
  /** URL of the rsync daemon, where `--rsync` was among the words. */
  readonly rsync: string | undefined;
  /** Why there is none yet, although it was. */
  readonly rsyncFailure: string | undefined;
  /** `HOST:PORT` where laptops ask for leases, where `--activation` was among the words. */
  readonly activation: string | undefined;
  readonly pid: number;
  /** What it has written to standard error so far. */
  log(): string;
  /** Its end, whoever brings it about. */
  readonly ended: Promise<Ran>;
  /** Asks it to stop and waits for its end. */
  stop(): Promise<Ran>;
  /** Ends it without asking. */
  kill(): Promise<Ran>;
};

/** Starts `satchel serve` on a free port of the loopback interface, with further words if any. */
export async function serve(
  repository: string,
  options: ProgramOptions & { readonly words?: readonly string[]; readonly listen?: string } = {},
): Promise<RunningServer> {
  const { listen = '127.0.0.1:0', words = [] } = options;
  const { child, ended } = startSatchel(
    ['serve', '--repo', repository, '--listen', listen, '--json', ...words],
    options,
  );
  let log = '';
  child.stderr?.on('data', (text: string) => {
    log += text;
  });
  const firstLine = new Promise<string>((resolve) => {
    if (child.stdout) createInterface({ input: child.stdout }).once('line', resolve);
  });
  const line = await Promise.race([firstLine, ended.then(({ stderr }) => assert.fail(stderr))]);
  type Served = {
    readonly url: string;
    readonly rsync?: string;
    readonly rsyncFailure?: string;
    readonly activation?: string;
  };
  const { url, rsync, rsyncFailure, activation } = JSON.parse(line) as Served;
  return {
    url,
    rsync,
    rsyncFailure,
    activation,
    pid: child.pid ?? 0,
    log: () => log,
    ended,
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
    kill() {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

/** Names of what stands in for options and languages are taken out: a developer may have set them. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(SATCHEL_|LC_|LANG)/.test(name));
  const modules = process.env.NODE_COMPILE_CACHE ?? '';
  return {
    ...Object.fromEntries(kept),
    ...(modules === '' ? {} : { NODE_COMPILE_CACHE: modules }),
    SATCHEL_LANG: 'en',
    // Deltas are made by processes of their own that outlive a test: only their tests ask for them.
    SATCHEL_DELTAS: '0',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
  };
}

let library: string | undefined;

/** The library that shows processes another time, or undefined when Debian's `faketime` is not installed. */
export function faketimeLibrary(): string | undefined {
  // The program itself would stay between us and the process, and keep signals from it.
  const ask = () => spawnSync('faketime', ['2000-01-01', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' });
  // It fails when a process that had the same number was killed and left its semaphore behind.
  for (let attempt = 1; !library && attempt <= 3; attempt += 1) library = ask().stdout?.trim();
  return library || undefined;
}

/** Only the calendar is moved: timers go on as they are, and files keep their times. */
function clockEnvironment(clock: string): Readonly<Record<string, string>> {
  return {
    LD_PRELOAD: faketimeLibrary() ?? '',
    FAKETIME: `@${clock}`,
    DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
    FAKE_UTIME: '0',
  };
}

/** The untouched tree of a build on a device. */
export function pristine(root: string, build: string): string {
  return join(root, 'versions/pristine', build);
}
