import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { Fields } from '../base/fields.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { listIfThere, readFileIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { mergeRuns } from './store-merge.ts';
import { openRun, runFiles, writeRun } from './store-run.ts';

/** The runs of a store, the newest first, as its file `held.json` names them. */
export type HeldRuns = {
  readonly numbers: readonly number[];
  /** Changes whenever the file does. */
  readonly version: string;
};

const format = 1;

/** Runs are put together when the next is not more than so many times as large as those before it. */
const growth = 3;

/** The runs of a store; `former` itself when nothing has changed. Throws `lease-store-damaged`. */
export function readHeld(directory: string, former?: HeldRuns): HeldRuns {
  const path = heldFile(directory);
  const found = withSystemErrors('stat', path, () => statSync(path, { throwIfNoEntry: false, bigint: true }));
  const version = found === undefined ? '' : `${found.ino}:${found.mtimeNs}:${found.size}`;
  if (former?.version === version) return former;
  const bytes = readFileIfThere(path);
  if (bytes === undefined) return { numbers: [], version };
  try {
    const fields = Fields.parse(bytes, path);
    fields.expectFormat('leases-held', format);
    return { numbers: fields.texts('runs').map((run) => numberOf(fields, run)), version };
  } catch (error) {
    if (!isSatchelError(error, 'record-invalid', 'record-newer')) throw error;
    throw new SatchelError('lease-store-damaged', { path }, { cause: error });
  }
}

/**
 * Adds a run, in front of the others, and puts together those that have become alike in size. The caller holds the lock.
 * A power cut leaves the old state or the new; what it leaves beside that is removed the next time.
 */
export async function addRun(
  directory: string,
  write: (number: number) => Promise<{ readonly entries: number }>,
): Promise<void> {
  const { numbers } = readHeld(directory);
  removeOthers(directory, numbers);
  const number = 1 + Math.max(0, ...numbers);
  const { entries } = await write(number).catch((error: unknown) => {
    removeOthers(directory, numbers);
    throw error;
  });
  if (entries === 0) return removeOthers(directory, numbers);
  const all = [number, ...numbers];
  writeHeld(directory, all);
  await compact(directory, all);
}

async function compact(directory: string, numbers: readonly number[]): Promise<void> {
  const sizes = numbers.map((number) => {
    const path = runFiles(directory, number).lines;
    return withSystemErrors('stat', path, () => statSync(path).size);
  });
  let together = 1;
  let sum = sizes[0] ?? 0;
  while (together < sizes.length && sizes[together]! <= growth * sum) {
    sum += sizes[together]!;
    together += 1;
  }
  if (together > 1) {
    const runs = numbers.slice(0, together).map((number) => openRun(directory, number));
    try {
      const number = 1 + Math.max(...numbers);
      await writeRun(directory, number, mergeRuns(runs.map((run) => run.all)));
      writeHeld(directory, [number, ...numbers.slice(together)]);
    } finally {
      for (const run of runs) run.close();
    }
  }
  removeOthers(directory, readHeld(directory).numbers);
}

function writeHeld(directory: string, numbers: readonly number[]): void {
  const record = { satchel: 'leases-held', format, runs: numbers.map(String) };
  writeFileAtomic(heldFile(directory), `${JSON.stringify(record)}\n`, { mode: 0o600 });
}

/** Removes the files of runs that are not named. Whoever has them open goes on reading them. */
function removeOthers(directory: string, numbers: readonly number[]): void {
  const named = new Set(
    numbers.flatMap((number) => {
      const { lines, index } = runFiles(directory, number);
      return [lines, index];
    }),
  );
  for (const name of listIfThere(directory)) {
    const path = join(directory, name);
    if (ownName.test(name) && !named.has(path))
      withSystemErrors('unlink', path, () => rmSync(path, { force: true }));
  }
}

/** Runs, and what a killed process has left of runs and of their list. */
const ownName = /^(?:\d+\.(?:lines|index)|\.tmp\.[0-9a-f]{16}\.(?:\d+\.(?:lines|index)|held\.json))$/;

function heldFile(directory: string): string {
  return join(directory, 'held.json');
}

function numberOf(fields: Fields, text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw fields.wrong('runs');
  return Number(text);
}
