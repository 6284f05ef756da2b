import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { type MessageCode, type MessageParameters, say } from '../base/catalogue.ts';
import { messageOf } from '../base/errors.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';
import { findProgram } from '../os/process.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { Agent } from './agent.ts';
import { agentLayout } from './layout.ts';

/** A sentence for the person at the device. */
export type Notice = { readonly code: MessageCode; readonly parameters: MessageParameters };

/** Milliseconds that a program which tells people may take. */
const patience = 10_000;

const day = 86_400_000;

/** What to say of a lease that ends, milliseconds since 1970; nothing while there is time. */
export function leaseNotice(ends: number, now: number, warnDays: number): Notice | undefined {
  const left = ends - now;
  if (left > warnDays * day) return undefined;
  const date = Number.isFinite(ends) && ends > 0 ? new Date(ends).toISOString().slice(0, 10) : '—';
  if (left <= 0) return { code: 'agent-lease-ended', parameters: { date } };
  if (left < 2 * day) return { code: 'agent-lease-ends-soon', parameters: { date } };
  return { code: 'agent-lease-ends', parameters: { days: Math.floor(left / day), date } };
}

/** Writes what is to be said now into the file for the desktop; without sentences there is none. */
export function showNotices(
  { layout, language }: Pick<Agent, 'layout' | 'language'>,
  notices: readonly Notice[],
): void {
  const path = agentLayout(layout).notice;
  if (notices.length === 0) {
    withSystemErrors('unlink', path, () => rmSync(path, { force: true }));
    return;
  }
  const text = notices.map((notice) => `${sentence(notice, language)}\n`).join('');
  if (readFileIfThere(path)?.toString('utf8') === text) return;
  withSystemErrors('mkdir', path, () => mkdirSync(dirname(path), { recursive: true }));
  writeFileAtomic(path, text);
}

/**
 * Tells each sentence once a day: to whoever is logged in, or to the program that is set, on its standard input with the
 * code in `SATCHEL_NOTICE`. Gives what has been told, by code. A program that fails is said, and no reason to stop.
 */
export async function tellNotices(
  { layout, language, reporter }: Pick<Agent, 'layout' | 'language' | 'reporter'>,
  notices: readonly Notice[],
  {
    notify,
    told,
    today,
  }: { readonly notify: string; readonly told: Readonly<Record<string, string>>; readonly today: string },
): Promise<Readonly<Record<string, string>>> {
  const still = Object.fromEntries(
    Object.entries(told).filter(([code]) => notices.some((notice) => notice.code === code)),
  );
  // Terminals are those of the machine, not of a folder that stands for another.
  const isHeard = notify !== 'off' && (notify !== 'wall' || layout.root === '/');
  const program = notify === 'wall' ? findProgram('wall') : notify;
  if (!isHeard || program === undefined) return still;
  for (const notice of notices) {
    if (still[notice.code] === today) continue;
    still[notice.code] = today;
    const reason = await tell(program, `${sentence(notice, language)}\n`, notice.code);
    if (reason !== undefined) reporter.notice('agent-notify-failed', { program, reason });
  }
  return still;
}

function sentence({ code, parameters }: Notice, language: Agent['language']): string {
  const { text, hint } = say(code, parameters, language);
  return hint === undefined ? text : `${text} ${hint}`;
}

/** What went wrong, or nothing. */
function tell(program: string, text: string, code: string): Promise<string | undefined> {
  const child = spawn(program, [], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, SATCHEL_NOTICE: code },
    signal: AbortSignal.timeout(patience),
    killSignal: 'SIGKILL',
  });
  child.stdin.on('error', () => {});
  child.stdin.end(text);
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(messageOf(error)));
    child.once('close', (exit, signal) => resolve(exit === 0 ? undefined : String(exit ?? signal)));
  });
}
