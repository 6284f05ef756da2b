/** The activities of a home, brought by a process of their own that becomes the owner of that home. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ActivitiesUpdated } from '../activities/update-activities.ts';
import type { HomeUpdate } from '../agent/agent.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import { type MessageCode, type MessageParameters, messages } from '../base/catalogue.ts';
import { messageOf, SatchelError } from '../base/errors.ts';

/** What is passed on to the process. */
export type ActivitiesCall = {
  readonly root: string;
  readonly source?: string | undefined;
  /** Milliseconds. */
  readonly timeout?: number | undefined;
  readonly environment: NodeJS.ProcessEnv;
};

/** The last of what the process wrote, for the sentence about one that broke. */
const complaintLimit = 2000;

/**
 * Runs `satchel activities update` for one home. Throws what that command failed with, `agent-activities-broken` when it
 * ended without a word, `cancelled`.
 */
export async function updateHome(
  { root, source, timeout, environment }: ActivitiesCall,
  { home, bytesPerSecond, signal }: HomeUpdate,
): Promise<ActivitiesUpdated> {
  throwIfCancelled(signal);
  const program = fileURLToPath(new URL('./main.ts', import.meta.url));
  const words = [
    ...['activities', 'update', '--json', '--root', root, '--home', home],
    ...(source === undefined ? [] : ['--source', source]),
    ...(timeout === undefined ? [] : ['--timeout', `${Math.max(1, Math.round(timeout / 1000))}s`]),
    ...(bytesPerSecond === undefined ? [] : ['--limit-rate', String(bytesPerSecond)]),
  ];
  const child = spawn(process.execPath, [...process.execArgv, program, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment,
  });
  // It ends by itself at a safe place, and is waited for: two must not work on one home.
  const stop = () => child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  try {
    const { code, output, complaint } = await endOf(child);
    throwIfCancelled(signal);
    const answer = objectIn(output);
    if (code === 0 && answer !== undefined) return answer as ActivitiesUpdated;
    throw failureIn(answer) ?? new SatchelError('agent-activities-broken', { home, reason: complaint });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

type Ended = { readonly code: number | null; readonly output: string; readonly complaint: string };

function endOf(child: ChildProcess): Promise<Ended> {
  let [output, complaint] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-complaintLimit);
  });
  const lastLine = () => complaint.trim().split('\n').at(-1) ?? '';
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, output: '', complaint: messageOf(error) }));
    child.once('close', (code, signal) =>
      resolve({ code, output, complaint: lastLine() || String(signal ?? code) }),
    );
  });
}

function objectIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The failure that a command printed, as it was. */
function failureIn(answer: object | undefined): SatchelError | undefined {
  const { error } = (answer ?? {}) as { error?: { code?: string; parameters?: MessageParameters } };
  if (error?.code === undefined || !Object.hasOwn(messages, error.code)) return undefined;
  return new SatchelError(error.code as MessageCode, error.parameters);
}
