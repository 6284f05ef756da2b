import { createReadStream, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import { createQueue } from '../base/queue.ts';
import { sleep } from '../base/sleep.ts';
import { type Lock, tryLock } from '../os/file-lock.ts';
import { systemError, withSystemErrors } from '../os/system-error.ts';
import type { LeaseEntry } from './collection.ts';
import type { Laptop, LaptopUuid, Serial } from './laptop.ts';
import { type Delegation, parseRecord } from './records.ts';
import { addRun, type HeldRuns, readHeld } from './store-held.ts';
import { readTakeable, type Taken, type TakeOptions } from './store-intake.ts';
import { kindOf, type LineKind, linesIn, mergeLines, mergeRuns } from './store-merge.ts';
import { openRun, type Run, writeRun } from './store-run.ts';

/**
 * What a place holds of laptops: leases, delegations and UUIDs, of a million of them in little memory. Several processes
 * may have it open; one at a time writes. Life: open, find and take, close.
 */
export type LeaseStore = {
  /** The leases of a laptop (`act01`), each line with its line feed; the newest first. Throws `lease-store-damaged`. */
  find(serial: Serial): string | undefined;
  /** The delegations for a laptop (`del01`). Throws `lease-store-damaged`. */
  delegations(serial: Serial): readonly Delegation[];
  /** The first of them. */
  delegation(serial: Serial): Delegation | undefined;
  /** A laptop with its UUID, where a list or a delegation has told it. */
  laptop(serial: Serial): Laptop | undefined;
  /** All laptops whose UUID is known, in order. */
  laptops(): Generator<Laptop>;
  /**
   * Takes files: bare ones, collections, lists of `SERIAL,UUID`. Lines are looked at for their form; that they are right
   * is for the laptop to say. Everything of all files is taken, or nothing. Throws `leases-invalid`, `lease-line-invalid`,
   * `signature-line-invalid`, `laptops-line-wrong`, `laptop-uuids-differ`, `lease-store-busy`, and what reading and writing throw.
   */
  take(paths: readonly string[], options?: TakeOptions): Promise<Taken>;
  /** Keeps lines that were made here. Throws `lease-store-busy`, and what writing throws. */
  add(entries: Iterable<LeaseEntry>): Promise<void>;
  close(): Promise<void>;
};

/** So long another process may take, in milliseconds, and so often it is looked whether it is done. */
const lockPatience = 30_000;
const lockPause = 100;

/** Opens the store in a folder, which is made when something is first kept. Throws `lease-store-damaged`. */
export function openLeaseStore(directory: string): LeaseStore {
  const queue = createQueue();
  let held: OpenRuns | undefined;
  const closeRuns = () => {
    for (const run of held?.runs ?? []) run.close();
    held = undefined;
  };
  /** The runs as they are now: another process may have taken something. */
  const runs = (): readonly Run[] => {
    const now = readHeld(directory, held?.from);
    if (held?.from === now) return held.runs;
    const opened = openRuns(directory, now);
    closeRuns();
    held = opened;
    return opened.runs;
  };
  const lines = (serial: Serial, kind: LineKind): string[] =>
    linesIn(mergeLines(runs().flatMap((run) => run.find(serial) ?? []))).filter(
      (line) => kindOf(line) === kind,
    );
  const keep = (entries: AsyncIterable<LeaseEntry> | Iterable<LeaseEntry>, signal?: AbortSignal) =>
    queue(async () => {
      withSystemErrors('mkdir', directory, () => mkdirSync(directory, { recursive: true, mode: 0o700 }));
      using _lock = await lockStore(directory, signal);
      await addRun(directory, async (number) => {
        const written = await writeRun(directory, number, entries);
        if (written.hasTwice) requireOneUuid(directory, number);
        return written;
      });
    });
  const delegations = (serial: Serial): Delegation[] =>
    lines(serial, 'delegation')
      .map(parseRecord)
      .filter((record) => record.type === 'del01');

  return {
    find(serial) {
      const found = lines(serial, 'lease');
      return found.length === 0 ? undefined : `${found.join('\n')}\n`;
    },
    delegations,
    delegation: (serial) => delegations(serial)[0],
    laptop(serial) {
      const [line] = lines(serial, 'laptop');
      return laptopIn(serial, line ?? '') ?? laptopOf(delegations(serial)[0]);
    },
    *laptops() {
      // Its own, for others go when somebody takes something meanwhile.
      const own = openRuns(directory, readHeld(directory)).runs;
      try {
        for (const { serial, lines: text } of mergeRuns(own.map((run) => run.all))) {
          const all = linesIn(text);
          const listed = all.find((line) => kindOf(line) === 'laptop');
          const delegated = all.find((line) => kindOf(line) === 'delegation');
          const uuid = listed?.slice(12) ?? delegated?.split(' ')[2];
          if (uuid !== undefined) yield { serial, uuid: uuid as LaptopUuid };
        }
      } finally {
        for (const run of own) run.close();
      }
    },
    async take(paths, options = {}) {
      const taken = { leases: 0, delegations: 0, laptops: 0, others: 0, wrong: 0 };
      async function* entries(): AsyncGenerator<LeaseEntry> {
        for (const path of paths)
          try {
            if (lstatSync(path).isDirectory()) throw new SatchelError('lease-file-is-folder', { path });
            yield* readTakeable(createReadStream(path, { highWaterMark: 256 * 1024 }), path, {
              taken,
              ...options,
            });
          } catch (error) {
            throw systemError(error, 'read', path);
          }
      }
      await keep(entries(), options.signal);
      return taken;
    },
    add: (entries) => keep(entries),
    async close() {
      await queue(async () => {});
      closeRuns();
    },
  };
}

type OpenRuns = { readonly from: HeldRuns; readonly runs: readonly Run[] };

/** So often the runs may have been put together by another process between reading their names and opening them. */
const attempts = 10;

function openRuns(directory: string, named: HeldRuns): OpenRuns {
  for (let from = named, attempt = 1; ; attempt += 1) {
    const runs: Run[] = [];
    try {
      for (const number of from.numbers) runs.push(openRun(directory, number));
      return { from, runs };
    } catch (error) {
      for (const run of runs) run.close();
      const next = readHeld(directory, from);
      if (next === from || attempt === attempts) throw error;
      from = next;
    }
  }
}

/** Throws `laptop-uuids-differ`: by the wrong one of two UUIDs a lease would be signed that its laptop refuses. */
function requireOneUuid(directory: string, number: number): void {
  const run = openRun(directory, number);
  try {
    for (const { serial, lines } of run.all()) {
      const uuids = new Set(linesIn(lines).filter((line) => kindOf(line) === 'laptop'));
      if (uuids.size > 1) throw new SatchelError('laptop-uuids-differ', { serial });
    }
  } finally {
    run.close();
  }
}

function laptopIn(serial: Serial, line: string): Laptop | undefined {
  return line === '' ? undefined : { serial, uuid: line.slice(12) as LaptopUuid };
}

function laptopOf(delegation: Delegation | undefined): Laptop | undefined {
  return delegation && { serial: delegation.serial, uuid: delegation.uuid };
}

async function lockStore(directory: string, signal: AbortSignal | undefined): Promise<Lock> {
  for (let waited = 0; waited <= lockPatience; waited += lockPause) {
    throwIfCancelled(signal);
    const lock = tryLock(join(directory, 'held.lock'));
    if (lock !== undefined) return lock;
    await sleep(lockPause, signal);
  }
  throw new SatchelError('lease-store-busy', { path: directory });
}
