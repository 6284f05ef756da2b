import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { untilAborted } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import { openCatalog } from '../repository/catalog.ts';
import { openDirectoryStore } from '../store/directory.ts';
import { rsyncLayout } from './layout.ts';
import { makeTree } from './tree-make.ts';
import type { ThreadNews, ThreadOrder, ThreadTask } from './tree-thread.ts';

/** Thread that makes one tree; see `makeTreeInThread`. Errors travel as plain data, as they do not survive cloning. */
const task: ThreadTask = workerData;
const stop = new AbortController();
const { signal } = stop;
let hasRoom = () => {};

parentPort?.on('message', (order: ThreadOrder) => {
  if (order === 'room') hasRoom();
  else stop.abort();
});
// No `await` outside a function: the bundle is made of CommonJS files.
void make().finally(() => {
  flushCompileCache();
  parentPort?.close();
});

async function make(): Promise<void> {
  const { directory, repository, parts, name, owner } = task;
  const store = openDirectoryStore(repository);
  try {
    const made = await makeTree({
      ...{ layout: rsyncLayout(directory), repository, parts, name, owner, signal },
      catalog: await openCatalog(store, signal),
      async makeRoom(bytes, base) {
        const { promise, resolve } = Promise.withResolvers<void>();
        hasRoom = resolve;
        tell({ room: { bytes, base } });
        await untilAborted(promise, signal);
      },
      reporter: {
        progress({ step, done, total }) {
          if (step === 'stage' && total !== undefined) tell({ progress: { done, total } });
        },
        notice() {},
      },
    });
    tell({ made });
  } catch (error) {
    if (!(error instanceof SatchelError)) throw error;
    tell({ failure: { code: error.code, parameters: error.parameters } });
  } finally {
    await store.close();
  }
}

function tell(news: ThreadNews): void {
  parentPort?.postMessage(news);
}
