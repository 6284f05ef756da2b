import { type MessageCode, type MessageParameters, say } from '../base/catalogue.ts';
import type { Clock } from '../base/clock.ts';
import type { Progress, Reporter, Step } from '../base/progress.ts';
import { formatBytes, formatSeconds } from '../base/units.ts';
import type { Words } from './command.ts';

/** Where lines go: standard error, or a list in a test. */
export type LineOutput = {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
};

/** What the renderer shows: everything, only sentences (`--json`), or nothing (`--quiet`). */
export type Loudness = 'all' | 'notices' | 'silent';

/** A reporter that ends: `close` leaves the terminal as it should be. */
export type ProgressRenderer = Reporter & {
  /** Draws the line again, so that rate and time left move on while nothing arrives. */
  tick(): void;
  /** Prints how the steps ended that are still open, and forgets them. */
  close(): void;
};

/** How far one step is; when and at what amount (not 0 when it resumes) it started; when its last line was. */
type StepState = { started: number; first: number; latest: Progress; shown: number };

/** Steps that run beside no other; receiving, reading and writing overlap. */
const alone: ReadonlySet<Step> = new Set(['delta', 'sign', 'verify', 'switch']);

/** Milliseconds between two drawings on a terminal, and between two lines elsewhere. */
const drawInterval = 100;
const lineInterval = 5000;

/**
 * Shows progress on standard error. On a terminal one line is updated in place; elsewhere a step that takes
 * long gets a line every few seconds; each step leaves one line when it ends. A notice is printed once.
 */
export function createProgressRenderer(
  output: LineOutput,
  words: Words,
  clock: Clock,
  loudness: Loudness,
): ProgressRenderer {
  const steps = new Map<Step, StepState>();
  const ended = new Set<Step>();
  const noticed = new Set<string>();
  const terminal = output.isTTY === true;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let lineIsDrawn = false;

  const clearLine = () => {
    if (lineIsDrawn) output.write('\r\x1b[K');
    lineIsDrawn = false;
  };
  const draw = (now: number) => {
    if (!terminal || steps.size === 0) return;
    drawnAt = now;
    const line = [...steps.values()].map((state) => progressText(state, now, words)).join(' · ');
    output.write(`\r${clip(line, (output.columns ?? 80) - 1)}\x1b[K`);
    lineIsDrawn = true;
  };
  const printLine = (text: string) => {
    clearLine();
    output.write(`${text}\n`);
  };
  const end = (step: Step, state: StepState, now: number) => {
    steps.delete(step);
    const seconds = (now - state.started) / 1000;
    // A step that starts again and again (one round a file, say) leaves one line, not hundreds.
    if (ended.has(step) && seconds < 2) return;
    ended.add(step);
    const time = formatSeconds(seconds);
    const told = isCounted(state)
      ? words.say('progress-done', { amount: amount(state.latest, words), time })
      : time;
    printLine(`${stepName(step, words)}  ${told}`);
  };
  /** A step that does not know its end is over when a later one begins. */
  const endBefore = (next: Step, now: number) => {
    for (const [step, state] of [...steps])
      if (state.latest.total === undefined && (alone.has(next) || !isCounted(state))) end(step, state, now);
  };

  return {
    progress(progress) {
      if (loudness !== 'all') return;
      const now = clock();
      if (!steps.has(progress.step)) endBefore(progress.step, now);
      const state = steps.get(progress.step) ?? {
        started: now,
        first: progress.done,
        latest: progress,
        shown: now,
      };
      state.latest = progress;
      steps.set(progress.step, state);
      if (progress.total !== undefined && progress.done >= progress.total) {
        end(progress.step, state, now);
        draw(now);
      } else if (terminal) {
        if (now - drawnAt >= drawInterval) draw(now);
      } else if (now - state.shown >= lineInterval) {
        state.shown = now;
        printLine(progressText(state, now, words));
      }
    },
    notice(code: MessageCode, parameters: MessageParameters = {}) {
      if (loudness === 'silent') return;
      const { text, hint } = say(code, parameters, words.language);
      const sentence = hint === undefined ? text : `${text}\n  ${hint}`;
      if (noticed.has(sentence)) return;
      noticed.add(sentence);
      printLine(sentence);
      draw(clock());
    },
    tick() {
      const now = clock();
      if (lineIsDrawn && now - drawnAt >= drawInterval) draw(now);
    },
    close() {
      const now = clock();
      for (const [step, state] of [...steps]) end(step, state, now);
      clearLine();
    },
  };
}

/** Whether a step tells of an amount at all. */
function isCounted({ latest }: StepState): boolean {
  return latest.done > 0 || latest.total !== undefined;
}

function stepName(step: Step, words: Words): string {
  return words.say(`step-${step}`);
}

/** `fetch  42 %  14.2 MB of 33.8 MB  3.10 MB/s  6.32 s left`. */
function progressText({ started, first, latest }: StepState, now: number, words: Words): string {
  const { step, done, total, unit } = latest;
  const seconds = (now - started) / 1000;
  const parts = [stepName(step, words)];
  if (total !== undefined && total > 0) parts.push(`${Math.min(99, Math.floor((done / total) * 100))} %`);
  if (done > 0 || total !== undefined)
    parts.push(
      total === undefined
        ? amount(latest, words)
        : words.say('progress-of', {
            done: unit === 'bytes' ? formatBytes(done) : String(done),
            total: amount({ ...latest, done: total }, words),
          }),
    );
  const perSecond = (done - first) / seconds;
  if (seconds >= 1 && perSecond > 0) {
    if (unit === 'bytes') parts.push(`${formatBytes(perSecond)}/s`);
    if (total !== undefined)
      parts.push(words.say('progress-left', { time: formatSeconds((total - done) / perSecond) }));
  }
  return parts.join('  ');
}

function amount({ done, unit }: Progress, words: Words): string {
  if (unit === 'bytes') return formatBytes(done);
  return words.say(unit === 'files' ? 'progress-files' : 'progress-entries', { count: done });
}

function clip(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
}
