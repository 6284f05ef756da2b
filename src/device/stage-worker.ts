import { parentPort, workerData } from 'node:worker_threads';
import { SatchelError } from '../base/errors.ts';
import { doStageTask } from './stage-do.ts';
import type { StageTask, StageTrees } from './stage-task.ts';

/**
 * Thread of the stage pool: does tasks in the order they come. Errors travel as plain data, because a
 * SatchelError does not survive being cloned between threads.
 */
const trees = workerData as StageTrees;

parentPort?.on('message', (task: StageTask) => {
  try {
    parentPort?.postMessage({ outcome: doStageTask(task, trees) });
  } catch (error) {
    if (error instanceof SatchelError)
      parentPort?.postMessage({ failure: { code: error.code, parameters: error.parameters } });
    else throw error;
  }
});
