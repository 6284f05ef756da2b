import { flushCompileCache } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { SatchelError } from '../base/errors.ts';
import { createRelief } from '../base/memory.ts';
import { doStageTask } from './stage-do.ts';
import type { StageTask, StageTrees } from './stage-task.ts';

/**
 * Thread of the stage pool: is told the trees first, then does tasks in the order they come. Errors travel as
 * plain data, because a SatchelError does not survive being cloned between threads.
 */
let trees: StageTrees | undefined;

const relieve = createRelief(48 * 1024 * 1024);

parentPort?.on('message', (message: { trees: StageTrees } | { task: StageTask } | 'end') => {
  if (message === 'end') {
    flushCompileCache();
    parentPort?.close();
    return;
  }
  if ('trees' in message) {
    trees = message.trees;
    return;
  }
  if (trees === undefined) throw new Error('a task came before the trees');
  try {
    const outcome = doStageTask(message.task, trees);
    // What was read and unpacked to write it passed through as well.
    relieve(3 * outcome.written);
    parentPort?.postMessage({ outcome });
  } catch (error) {
    if (error instanceof SatchelError)
      parentPort?.postMessage({ failure: { code: error.code, parameters: error.parameters } });
    else throw error;
  }
});
