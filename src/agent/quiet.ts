import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listIfThere } from '../os/if-there.ts';
import type { AskProgram } from './ask-program.ts';

/** Who wants the device to be left alone, in the words of whoever said so. */
export type Quiet = { readonly who: string; readonly why: string };

/** What a lesson, a film or a presentation holds; what only keeps the lid from sleeping is none of our business. */
const lessons = new Set(['idle', 'shutdown']);

/** The first words of a file, for people. */
const longestWords = 200;

/**
 * Whether the device is to be left alone now: by the file `run/satchel/inhibit`, which a lesson plan or a teacher makes,
 * or by a program that blocks idling or shutting down at logind.
 */
export async function whyQuiet(
  root: string,
  inhibitFile: string,
  ask: AskProgram,
  signal?: AbortSignal,
): Promise<Quiet | undefined> {
  if (existsSync(inhibitFile)) return { who: inhibitFile, why: firstLine(inhibitFile) };
  const held = await inhibitors(root, ask, signal);
  const lesson = held.find(
    ({ what, mode }) => mode === 'block' && what.split(':').some((one) => lessons.has(one)),
  );
  return lesson && { who: oneLine(lesson.who), why: oneLine(lesson.why) };
}

type Inhibitor = { readonly what: string; readonly who: string; readonly why: string; readonly mode: string };

/** From logind itself; for another root, and where nobody answers on the bus, from the files that it keeps. */
async function inhibitors(
  root: string,
  ask: AskProgram,
  signal: AbortSignal | undefined,
): Promise<readonly Inhibitor[]> {
  const answer =
    root === '/'
      ? await ask(
          'busctl',
          [
            '--json=short',
            'call',
            'org.freedesktop.login1',
            '/org/freedesktop/login1',
            'org.freedesktop.login1.Manager',
            'ListInhibitors',
          ],
          signal,
        )
      : undefined;
  return (answer === undefined ? undefined : fromBus(answer)) ?? fromFiles(join(root, 'run/systemd/inhibit'));
}

/** `{"type":"a(ssssuu)","data":[[[what,who,why,mode,uid,pid],…]]}` */
function fromBus(answer: string): readonly Inhibitor[] | undefined {
  try {
    const { data } = JSON.parse(answer) as { data?: unknown };
    const [rows]: readonly unknown[] = Array.isArray(data) ? data : [];
    if (!Array.isArray(rows)) return undefined;
    return rows.filter(Array.isArray).map(([what, who, why, mode]: readonly unknown[]) => ({
      what: String(what),
      who: String(who),
      why: String(why),
      mode: String(mode),
    }));
  } catch {
    return undefined;
  }
}

/** One file an inhibitor, lines such as `WHAT=idle:sleep`. */
function fromFiles(folder: string): readonly Inhibitor[] {
  return listIfThere(folder).flatMap((name) => {
    if (name.endsWith('.ref')) return [];
    try {
      const lines = readFileSync(join(folder, name), 'utf8').split('\n');
      const value = (key: string) =>
        lines.find((line) => line.startsWith(`${key}=`))?.slice(key.length + 1) ?? '';
      return [{ what: value('WHAT'), who: value('WHO'), why: value('WHY'), mode: value('MODE') }];
    } catch {
      // It ended while we looked, or is a pipe.
      return [];
    }
  });
}

/** What lies there may be anything, and counts without words too. */
function firstLine(path: string): string {
  try {
    return oneLine(readFileSync(path, 'utf8'));
  } catch {
    return '';
  }
}

function oneLine(text: string): string {
  return (text.trim().split('\n')[0] ?? '').slice(0, longestWords);
}
