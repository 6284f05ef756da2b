/** Runs the program in a child process that ends, or whose calls fail, at chosen points; see `crash-point.ts`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type CrashAction,
  type CrashOrder,
  type CrashPoint,
  crashVariable,
  type LoggedCall,
} from './crash-order.ts';

const preload = new URL('./crash-point.ts', import.meta.url).href;
const satchel = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** A child that hangs is a failure of its own. */
const patience = 60_000;

/** How a child process ended. */
export type ChildEnd = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly said: string;
};

/** Runs a command, of Satchel unless another program is named, as a child process under an order. */
export async function runOrdered(
  words: readonly string[],
  order: CrashOrder,
  program: string = satchel,
): Promise<ChildEnd> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--import', preload, program, ...words],
    {
      env: {
        ...process.env,
        SATCHEL_LANG: 'en',
        SATCHEL_DELTAS: '0',
        [crashVariable]: JSON.stringify(order),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const timer = setTimeout(() => child.kill('SIGQUIT'), patience);
  let output = '';
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  return { code, signal, output, said };
}

/** Runs a command to its end and gives every call that it made below the folder. */
export async function recordCalls(
  words: readonly string[],
  root: string,
  program?: string,
): Promise<LoggedCall[]> {
  const log = `${root}.calls`;
  rmSync(log, { force: true });
  const end = await runOrdered(words, { root, log }, program);
  if (end.code !== 0)
    throw new Error(`${program ?? 'satchel'} ${words.join(' ')} ended with ${end.code}: ${end.said}`);
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  rmSync(log);
  return lines.map((line) => JSON.parse(line) as LoggedCall);
}

/** Every point of a recorded run, in the order in which they came. */
export function pointsOf(calls: readonly LoggedCall[]): CrashPoint[] {
  const counts = new Map<string, number>();
  return calls
    .filter(({ moment }) => moment === 'begin')
    .map(({ label }) => {
      const occurrence = (counts.get(label) ?? 0) + 1;
      counts.set(label, occurrence);
      return { label, occurrence };
    });
}

/** Before and after every point, and in the middle of every write. */
export function crashesAt(points: readonly CrashPoint[]): (CrashPoint & CrashAction)[] {
  return points.flatMap((point) => [
    { ...point, end: 'before' as const },
    ...(point.label.startsWith('write ') ? [{ ...point, end: 'half' as const }] : []),
    { ...point, end: 'after' as const },
  ]);
}

/** True when every point is to be tried (`npm run test:crashes`); otherwise a sample that is always the same. */
export const isComplete = process.env.SATCHEL_TEST_CRASHES === 'all';

/** Some of a list, evenly spaced: about `usual` of them, in the complete run `complete` (all where absent). */
export function sampleOf<Item>(
  items: readonly Item[],
  { usual, complete = items.length }: { readonly usual: number; readonly complete?: number | undefined },
): readonly Item[] {
  const count = isComplete ? complete : usual;
  if (items.length <= count) return items;
  return Array.from({ length: count }, (_, i) => items[Math.floor(((i + 0.5) * items.length) / count)]!);
}

/** Does something for each item, a few at a time; the first failures end it. */
export async function forEach<Item>(
  items: readonly Item[],
  action: (item: Item, number: number) => Promise<void>,
  atOnce = 3,
): Promise<void> {
  const queue = [...items.entries()];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await action(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
