import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a whole process cost, start to end, seen from outside. */
export type Cost = {
  /** Elapsed seconds, start of the process included. */
  readonly wall: number;
  /** User and system seconds of the process and every child it waited for. */
  readonly cpu: number;
  /** Largest resident size of any one process of the tree, in bytes. */
  readonly peak: number;
  /** Bytes that they had written to disk: blocks of files and directories that their writes made dirty. */
  readonly written: number;
};

/** A finished process: what it cost and what it printed. */
export type Measured = Cost & { readonly output: string };

export type Command = {
  readonly program: string;
  readonly parameters: readonly string[];
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** The file of a network namespace to run in; absent: this machine's own. */
  readonly network?: string;
};

/** Program and parameters, with what leads into the command's network before them. */
export function wordsOf({ program, parameters, network }: Command): string[] {
  return [...(network === undefined ? [] : ['nsenter', `--net=${network}`]), program, ...parameters];
}

/**
 * Runs a command to its end under GNU time, which reads what the kernel kept of the whole process tree
 * (`wait4`); the wall clock is ours, because GNU time rounds to hundredths. Throws when the command fails.
 */
export async function measure(command: Command): Promise<Measured> {
  const scratch = mkdtempSync(join(tmpdir(), 'satchel-bench-'));
  try {
    const report = join(scratch, 'time');
    const started = process.hrtime.bigint();
    const { code, output, complaint } = await runToEnd({
      ...withoutNetwork(command),
      program: '/usr/bin/time',
      parameters: ['-q', '-f', '%U %S %M %O', '-o', report, ...wordsOf(command)],
    });
    const wall = Number(process.hrtime.bigint() - started) / 1e9;
    if (code !== 0) throw new Error(`${shown(command)} ended with ${code}:\n${complaint || output}`);
    const [user, system, kibibytes, blocks] = readFileSync(report, 'utf8').trim().split(' ').map(Number);
    return { wall, cpu: user! + system!, peak: kibibytes! * 1024, written: blocks! * 512, output };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Runs a command that is not measured. Throws when it fails. */
export async function run(command: Command): Promise<string> {
  const { code, output, complaint } = await runToEnd(command);
  if (code !== 0) throw new Error(`${shown(command)} ended with ${code}:\n${complaint || output}`);
  return output;
}

/** User and system seconds so far of running processes, with those of their children that have ended. */
export function cpuOfRunning(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const fields = statFields(pid);
    if (fields) for (const field of fields.slice(11, 15)) ticks += Number(field);
  }
  return ticks / 100;
}

/** The process and all its living descendants. */
export function processTree(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const each = Number(name);
    const fields = Number.isInteger(each) ? statFields(each) : undefined;
    if (fields) parents.set(each, Number(fields[1]));
  }
  const tree = [pid];
  for (const each of tree) for (const [child, parent] of parents) if (parent === each) tree.push(child);
  return tree;
}

/** The largest resident size that any one of the processes has had, in bytes. */
export function peakOfRunning(pids: readonly number[]): number {
  const peaks = pids.map((pid) => {
    const match = /^VmHWM:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/status`));
    return match ? Number(match[1]) * 1024 : 0;
  });
  return Math.max(0, ...peaks);
}

/** Commands that run at the moment, each the leader of its own process group. */
const running = new Set<number>();

/** Kills every command that is still running, with its children. */
export function killAllCommands(): void {
  for (const pid of running) process.kill(-pid, 'SIGKILL');
}

type Ended = { readonly code: number; readonly output: string; readonly complaint: string };

function runToEnd(command: Command): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const [program, ...parameters] = wordsOf(command);
    const child = spawn(program!, parameters, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...command.environment },
      detached: true,
      ...(command.directory === undefined ? {} : { cwd: command.directory }),
    });
    const output: string[] = [];
    const complaint: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => complaint.push(text));
    child.on('error', reject);
    if (child.pid !== undefined) running.add(child.pid);
    child.on('close', (code) => {
      running.delete(child.pid!);
      resolve({ code: code ?? -1, output: output.join(''), complaint: complaint.join('').slice(-2000) });
    });
  });
}

/** Fields of `/proc/PID/stat` from the state on: the parent is [1], utime to cstime [11] to [14]. */
function statFields(pid: number): string[] | undefined {
  const text = textOf(`/proc/${pid}/stat`);
  return text === '' ? undefined : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function withoutNetwork({ network: _network, ...command }: Command): Command {
  return command;
}

function shown(command: Command): string {
  return `${command.program} ${command.parameters.join(' ')}`;
}
