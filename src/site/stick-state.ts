import type { MessageCode, MessageParameters } from '../base/catalogue.ts';
import type { Clock } from '../base/clock.ts';
import { isSatchelError } from '../base/errors.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import type { SiteLayout } from './layout.ts';

/** Something about a stick that a person should know, as a sentence of the catalogue. */
export type StickProblem = { readonly code: MessageCode; readonly parameters: MessageParameters };

/** What is worth knowing though it keeps nothing from being taken. */
const remarks: readonly string[] = [
  'stick-extra-files',
  'stick-older',
  'stick-not-writable',
  'stick-not-writable-origin',
];

/** Sentences after which a stick counts as failed, whatever was taken of it. */
const failures: readonly string[] = ['stick-list-missing'];

/** True for a problem because of which something of the stick was not taken. */
export function isLoss({ code }: { readonly code: string }): boolean {
  return !remarks.includes(code);
}

/** Each problem once. */
export function distinctProblems(problems: readonly StickProblem[]): StickProblem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

/** What the page of a site shows of the stick that is being copied: the file `stick.json` of the site. */
export type StickState = {
  readonly state: 'found' | 'copying' | 'done' | 'failed';
  /** The block device, where it is known: `sdb1`. */
  readonly device?: string;
  /** What people called the stick. */
  readonly label?: string;
  /** Bytes that were copied, and all that are to be copied. */
  readonly done: number;
  readonly total: number;
  /** The sentence that ended it, or the weightiest of those that people should know. */
  readonly code?: MessageCode;
  readonly parameters?: MessageParameters;
};

/** Writes the state for the page while a stick is copied. */
export type StickStateWriter = {
  /** So many bytes more are to be copied. */
  expect(bytes: number): void;
  copied(bytes: number): void;
  /** Everything is on the disk and nothing of the stick is open any more. */
  finish(problems: readonly StickProblem[]): void;
  fail(error: unknown): void;
};

/** Pages are looked at once in a while; a disk need not be written to more often. Milliseconds. */
const writtenEvery = 1000;

/** Begins with "found". */
export function openStickState(
  layout: Pick<SiteLayout, 'stick'>,
  about: Pick<StickState, 'device' | 'label'>,
  clock: Clock,
): StickStateWriter {
  let done = 0;
  let total = 0;
  let last = 0;
  const write = (state: StickState['state'], problem?: StickProblem) => {
    last = clock();
    const at = new Date(last).toISOString();
    const record = { satchel: 'stick-state', format: 1, state, ...about, done, total, ...problem, at };
    writeFileAtomic(layout.stick, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  };
  write('found');
  return {
    expect(bytes) {
      total += bytes;
      write('copying');
    },
    copied(bytes) {
      done += bytes;
      if (Math.abs(clock() - last) >= writtenEvery) write('copying');
    },
    finish(problems) {
      const failure = problems.find(({ code }) => failures.includes(code));
      if (failure !== undefined) write('failed', failure);
      else write('done', problems.find(isLoss) ?? problems[0]);
    },
    fail(error) {
      const problem = isSatchelError(error) ? error : undefined;
      write('failed', problem && { code: problem.code, parameters: problem.parameters });
    },
  };
}
