import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { MessageCode, MessageParameters } from '../base/catalogue.ts';
import { SatchelError } from '../base/errors.ts';
import type { SharedIndex } from '../build/index-table.ts';
import type { DeltaScene } from './stage-segment.ts';
import type { StageOutcome, StageTask, StageTrees } from './stage-task.ts';

type Answer = { outcome: StageOutcome } | { failure: { code: MessageCode; parameters: MessageParameters } };
type Waiting = {
  readonly setting: number;
  readonly task: StageTask;
  readonly resolve: (outcome: StageOutcome) => void;
  readonly reject: (error: unknown) => void;
};
/** `sent` are the tasks that the thread has, in the order in which it answers. */
type Thread = { readonly worker: Worker; readonly sent: Waiting[] };

/** Tasks sent ahead to a thread: it never waits, and what waits for it is not copied before its turn. */
const sentAhead = 3;

/** What every thread is told before the first task of a tree: the trees, the index of the new one, and its delta. */
export type StageSetting = {
  readonly trees: StageTrees;
  readonly index: SharedIndex;
  readonly delta?: DeltaScene | undefined;
};

/** What a thread is told. Settings are counted, and tasks name theirs. */
export type StageMessage =
  | { readonly begin: number; readonly setting: StageSetting }
  | { readonly task: StageTask; readonly setting: number }
  | { readonly forget: number }
  | 'end';

/** One tree that is being staged. Whoever ends it awaits none of its tasks any more; those not begun are dropped. */
export type StageWork = Disposable & {
  /** Has a task done by whichever thread is free first. Rejects with the task's SatchelError. */
  run(task: StageTask): Promise<StageOutcome>;
};

/** Worker threads that write new trees while the main thread receives. Close it whatever happens. */
export type StagePool = {
  /** Says how many bytes will be written at least, of however many trees. */
  expect(bytes: number): void;
  /** Begins a tree, beside those that are being staged already. */
  begin(setting: StageSetting): StageWork;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Bytes to write above which a second thread earns its start and its memory. */
const worthSecondThread = 128 * 1024 * 1024;

/**
 * Starts a thread, and a second one when there is much to write and a core for it: the disk does not profit from
 * more. Threads need a moment, so it is best done before there is work.
 */
export function openStagePool(): StagePool {
  const queue: Waiting[] = [];
  const settings = new Map<number, StageSetting>();
  let begun = 0;
  const threads = [startThread(() => send())];
  const tellAll = (message: StageMessage) => {
    for (const { worker } of threads) worker.postMessage(message);
  };
  const send = () => {
    for (;;) {
      const free = threads.reduce((best, thread) => (thread.sent.length < best.sent.length ? thread : best));
      const next = free.sent.length < sentAhead ? queue.shift() : undefined;
      if (next === undefined) return;
      free.sent.push(next);
      const { setting, task } = next;
      free.worker.postMessage({ setting, task } satisfies StageMessage);
    }
  };
  return {
    expect(bytes) {
      if (bytes <= worthSecondThread || availableParallelism() === 1 || threads.length > 1) return;
      const second = startThread(() => send());
      for (const [begin, setting] of settings)
        second.worker.postMessage({ begin, setting } satisfies StageMessage);
      threads.push(second);
      send();
    },
    begin(setting) {
      const number = begun;
      begun += 1;
      settings.set(number, setting);
      tellAll({ begin: number, setting });
      return {
        run: (task) =>
          new Promise((resolve, reject) => {
            queue.push({ setting: number, task, resolve, reject });
            send();
          }),
        [Symbol.dispose]() {
          settings.delete(number);
          queue.splice(0, queue.length, ...queue.filter((waiting) => waiting.setting !== number));
          tellAll({ forget: number });
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(threads.map(endThread));
    },
  };
}

function startThread(onFree: () => void): Thread {
  const worker = new Worker(new URL('./stage-worker.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  const thread: Thread = { worker, sent: [] };
  worker.on('message', (answer: Answer) => {
    const waiting = thread.sent.shift();
    onFree();
    if ('outcome' in answer) waiting?.resolve(answer.outcome);
    else waiting?.reject(new SatchelError(answer.failure.code, answer.failure.parameters));
  });
  worker.on('error', (error) => {
    for (const waiting of thread.sent.splice(0)) waiting.reject(error);
  });
  return thread;
}

/**
 * An idle thread ends by itself, because only then does it keep its compiled code for the next start; one that is
 * still at work is stopped.
 */
async function endThread({ worker, sent }: Thread): Promise<void> {
  if (sent.length > 0) {
    await worker.terminate();
    return;
  }
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  if (worker.threadId === -1) return;
  worker.postMessage('end' satisfies StageMessage);
  await ended;
}
