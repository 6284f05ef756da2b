/** The activities of a home, brought by a process of their own that becomes the owner of that home. */
import { fileURLToPath } from 'node:url';
import type { ActivitiesUpdated } from '../activities/update-activities.ts';
import type { HomeUpdate } from '../agent/agent.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import { type MessageCode, type MessageParameters, messages } from '../base/catalogue.ts';
import { SatchelError } from '../base/errors.ts';
import { type ChildEnd, type Patience, runWatched } from './watched-child.ts';

/** What is passed on to the process. */
export type ActivitiesCall = {
  readonly root: string;
  readonly source?: string | undefined;
  /** Milliseconds. */
  readonly timeout?: number | undefined;
  readonly environment: NodeJS.ProcessEnv;
};

/** A source may be silent and a slow disk busy for minutes; a process that hangs waits for no end. */
const usualPatience: Patience = { idle: 15 * 60_000, grace: 30_000 };

/**
 * Runs `satchel activities update` for one home. Throws what that command failed with, `agent-activities-broken` when it
 * ended without a word, `agent-activities-stuck` when it had to be ended, `cancelled`.
 */
export async function updateHome(call: ActivitiesCall, update: HomeUpdate): Promise<ActivitiesUpdated> {
  const { environment, timeout = 0 } = call;
  const { home, signal } = update;
  throwIfCancelled(signal);
  const program = fileURLToPath(new URL('./main.ts', import.meta.url));
  const words = [...process.execArgv, program, ...wordsFor(call, update)];
  const patience = { ...usualPatience, idle: usualPatience.idle + timeout };
  const ended = await runWatched([process.execPath, ...words], { environment, signal, patience });
  throwIfCancelled(signal);
  if (ended.isStuck)
    throw new SatchelError('agent-activities-stuck', { home, minutes: Math.round(patience.idle / 60_000) });
  return answerIn(ended, home);
}

function wordsFor({ root, source, timeout }: ActivitiesCall, { home, bytesPerSecond }: HomeUpdate): string[] {
  return [
    ...['activities', 'update', '--json', '--root', root, '--home', home],
    ...(source === undefined ? [] : ['--source', source]),
    ...(timeout === undefined ? [] : ['--timeout', `${Math.max(1, Math.round(timeout / 1000))}s`]),
    ...(bytesPerSecond === undefined ? [] : ['--limit-rate', String(bytesPerSecond)]),
  ];
}

function answerIn({ code, output, complaint }: ChildEnd, home: string): ActivitiesUpdated {
  const answer = objectIn(output);
  if (code === 0 && answer !== undefined) return answer as ActivitiesUpdated;
  throw failureIn(answer) ?? new SatchelError('agent-activities-broken', { home, reason: complaint });
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
