import type { SatchelError } from '../base/errors.ts';
import type { Reading } from '../store/store.ts';
import type { Content, Unit } from './pull-content.ts';
import type { PartFile } from './pull-part-file.ts';
import { createProofs, type Judgement, type Proofs } from './pull-proofs.ts';
import { type ReadingOptions, readPart } from './pull-reader.ts';
import type { PullTiming, RunScene } from './pull-run.ts';
import { createRuns, type Runs } from './pull-runs.ts';
import type { Pace, PulledPart, PullUpstream } from './pull-types.ts';
import { createUsers, type Users } from './pull-users.ts';
import { createWaking } from './pull-waking.ts';

/** What an entry works with. */
export type EntryOptions = {
  readonly name: string;
  readonly part: PartFile;
  readonly content: Content;
  readonly upstream: PullUpstream;
  readonly timing: PullTiming;
  /** Hears how a unit did. */
  judged(unit: Unit, judgement: Judgement): void;
  /** Why a unit is not to be asked for now; undefined: it may be. */
  refusal(unit: Unit): SatchelError | undefined;
  /** Makes room before bytes are asked for. */
  ensureRoom(bytes: number): Promise<void>;
  /** A run ended; with why, if it was before its end. Returns the sentence for those who waited. */
  failed(error: unknown): unknown;
  /** Everything is here: makes a file of the repository of it. False when it proved wrong. */
  complete(entry: Entry): Promise<boolean>;
  /** Nobody uses the entry any more: close it. */
  idle(): void;
};

/** A file that is being received, for all who want it. */
export type Entry = {
  readonly name: string;
  readonly size: number;
  readonly part: PartFile;
  /** Counts a user; call the answer once when done. */
  hold(): () => void;
  /** The bytes of a part as they arrive. Throws what stops a run, `site-bytes-proved-wrong`, `cancelled`. */
  read(part: PulledPart, options: ReadingOptions): AsyncGenerator<Uint8Array, void>;
  /** Receives all that is missing from the first missing byte on, without a reader. */
  goOn(first?: Reading, pace?: Pace): void;
  /** True while bytes are being received. */
  isReceiving(): boolean;
  /** Forgets the bytes of a unit that proved wrong. */
  distrust(unit: Unit): void;
  /** Stores the file if all of it is here. */
  tryToComplete(): void;
  /** Resolves when the file is not being stored any more; at once while it is not complete. */
  stored(): Promise<void>;
  /** Resolves when nothing is being received, proven or stored. */
  settled(): Promise<void>;
  /** Ends what is being received and waits for it. Readers get `site-pull-closed`. */
  stop(): Promise<void>;
};

/** Makes an entry over a part file. */
export function createEntry(options: EntryOptions): Entry {
  const { name, part, content, upstream, timing, judged, ensureRoom, failed, refusal } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const users = createUsers(options.idle);
  const waking = createWaking();
  const { wake } = waking;
  const completion = createCompletion(options, { users, signal, entry: () => entry });
  const done = completion.tryToComplete;
  const proofs = createProofs({ part, content, wake, judged, done });
  const scene: RunScene = { name, part, content, upstream, timing, signal, wake, prove: proofs.prove };
  const runs = createRuns({ scene, proofs, users, ensureRoom, failed, done });
  const reader = { scene, proofs, runs, users, waking, refusal };
  const settled = async () => {
    for (;;) {
      const busy = [...users.working(), ...proofs.proving()];
      if (busy.length === 0) return;
      await Promise.allSettled(busy);
    }
  };
  const entry: Entry = {
    ...{ name, size: part.size, part, hold: users.hold, distrust: proofs.distrust, settled },
    ...completion,
    async *read(wanted, reading) {
      const release = users.hold();
      try {
        yield* readPart(reader, wanted, reading);
      } finally {
        release();
      }
    },
    goOn: (first, pace) => goOn({ scene, proofs, runs, users }, first, pace),
    isReceiving: runs.isReceiving,
    async stop() {
      stopping.abort();
      wake();
      await settled();
    },
  };
  return entry;
}

/** Stores the file, once, as soon as all of it is here. */
function createCompletion(
  options: EntryOptions,
  {
    users,
    signal,
    entry,
  }: { readonly users: Users; readonly signal: AbortSignal; readonly entry: () => Entry },
): Pick<Entry, 'tryToComplete' | 'stored'> {
  const { part } = options;
  /** Everything proved right and was given to the repository, or that is being done. */
  let isCompleting = false;
  let completing: Promise<void> = Promise.resolve();
  return {
    tryToComplete() {
      if (isCompleting || signal.aborted || !part.received.covers(0, part.size)) return;
      isCompleting = true;
      completing = users.work(async () => {
        try {
          isCompleting = await options.complete(entry());
        } catch (error) {
          isCompleting = false;
          options.failed(error);
        }
      });
    },
    stored: () => completing,
  };
}

type EntryParts = {
  readonly scene: RunScene;
  readonly proofs: Proofs;
  readonly runs: Runs;
  readonly users: Users;
};

/** Receives what is missing from the first missing byte on, or what an answer that has begun already brings. */
function goOn(
  { scene: { part, content }, proofs, runs, users }: EntryParts,
  first: Reading | undefined,
  pace: Pace | undefined,
): void {
  const start = part.received.endFrom(0);
  // A process that was killed may have received the last byte, and no more. Who reads is told what is wrong.
  if (start === part.size) void users.work(() => proofs.prove(content.unitAt(0)).catch(() => undefined));
  const end = first === undefined && start < part.size ? runs.endFor(start, part.size) : part.size;
  if (first !== undefined || (start < end && runs.runFor(start) === undefined))
    runs.begin({ start, end, pace, first });
}
