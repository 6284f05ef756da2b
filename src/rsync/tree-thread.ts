import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { throwIfCancelled } from '../base/cancel.ts';
import type { MessageCode, MessageParameters } from '../base/catalogue.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { Owner } from './fake-super.ts';
import type { RsyncLayout } from './layout.ts';
import { clearStages, type MadeTree } from './tree-make.ts';

/** What the thread is told when it starts. */
export type ThreadTask = {
  /** The rsync directory. */
  readonly directory: string;
  readonly repository: string;
  /** Where bytes of packs lie that are not in the repository's directory. */
  readonly parts?: string | undefined;
  readonly name: BuildName;
  readonly owner: Owner;
};

/** Entries that are made, of how many. */
export type ThreadProgress = { readonly done: number; readonly total: number };

/** What the thread tells. */
export type ThreadNews =
  | { readonly progress: ThreadProgress }
  /** Asks for room for so many bytes, and waits for the message `room`. */
  | { readonly room: { readonly bytes: number; readonly base: BuildName | undefined } }
  | { readonly made: MadeTree }
  | { readonly failure: { readonly code: MessageCode; readonly parameters: MessageParameters } };

/** What the thread is told while it works. */
export type ThreadOrder = 'room' | 'stop';

export type ThreadOptions = Omit<ThreadTask, 'directory'> & {
  readonly layout: RsyncLayout;
  readonly makeRoom: (bytes: number, base: BuildName | undefined) => Promise<void>;
  readonly onProgress: (progress: ThreadProgress) => void;
  readonly signal: AbortSignal;
};

/**
 * Makes a tree as `makeTree` does, in a thread of its own: this one goes on answering while indexes are read and a
 * busy disk is waited for. When it settles, the thread has ended.
 */
export async function makeTreeInThread(options: ThreadOptions): Promise<MadeTree> {
  const { layout, repository, parts, name, owner, signal } = options;
  throwIfCancelled(signal);
  const workerData: ThreadTask = { directory: layout.directory, repository, parts, name, owner };
  const worker = new Worker(new URL('./tree-worker.ts', import.meta.url), { workerData });
  const order = (message: ThreadOrder) => worker.postMessage(message);
  const stop = () => order('stop');
  signal.addEventListener('abort', stop, { once: true });
  const ended = once(worker, 'exit');
  try {
    return await resultOf(worker, options, order);
  } finally {
    signal.removeEventListener('abort', stop);
    await ended;
    // A thread that ran out of memory has not cleared up after itself.
    clearStages(layout);
  }
}

function resultOf(
  worker: Worker,
  { makeRoom, onProgress }: ThreadOptions,
  order: (message: ThreadOrder) => void,
): Promise<MadeTree> {
  return new Promise((resolve, reject) => {
    worker.on('message', (news: ThreadNews) => {
      if ('progress' in news) onProgress(news.progress);
      else if ('room' in news)
        makeRoom(news.room.bytes, news.room.base).then(
          () => order('room'),
          (error: unknown) => {
            reject(error);
            order('stop');
          },
        );
      else if ('made' in news) resolve(news.made);
      else reject(new SatchelError(news.failure.code, news.failure.parameters));
    });
    worker.on('error', reject);
    worker.on('exit', () => reject(new Error('the thread that makes trees ended early')));
  });
}
