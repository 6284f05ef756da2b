import { flushCompileCache } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { SatchelError } from '../base/errors.ts';
import { createRelief } from '../base/memory.ts';
import { IndexTable } from '../build/index-table.ts';
import { doStageTask, type StageScene } from './stage-do.ts';
import type { StageSetting } from './stage-pool.ts';
import type { StageTask } from './stage-task.ts';

/**
 * Thread of the stage pool: is told the trees and the index first, then does tasks in the order they come. Errors travel as
 * plain data, because a SatchelError does not survive being cloned between threads.
 */
let scene: StageScene | undefined;

const relieve = createRelief(48 * 1024 * 1024);

parentPort?.on('message', (message: StageSetting | { task: StageTask } | 'end') => {
  if (message === 'end') {
    flushCompileCache();
    parentPort?.close();
    return;
  }
  if ('trees' in message) {
    scene = { ...message.trees, entries: IndexTable.ofShared(message.index), delta: message.delta };
    return;
  }
  if (scene === undefined) throw new Error('a task came before the trees');
  try {
    const outcome = doStageTask(message.task, scene);
    // What was read and unpacked to write it passed through as well.
    relieve(3 * outcome.written);
    parentPort?.postMessage({ outcome });
  } catch (error) {
    if (error instanceof SatchelError)
      parentPort?.postMessage({ failure: { code: error.code, parameters: error.parameters } });
    else throw error;
  }
});
