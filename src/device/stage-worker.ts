import { flushCompileCache } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { SatchelError } from '../base/errors.ts';
import { createLender, createRelief } from '../base/memory.ts';
import { IndexTable } from '../build/index-table.ts';
import { doStageTask, type StageScene } from './stage-do.ts';
import type { StageMessage } from './stage-pool.ts';
import type { StageTask } from './stage-task.ts';

/**
 * Thread of the stage pool: is told the trees and the index first, then does tasks in the order they come. Errors travel as
 * plain data, because a SatchelError does not survive being cloned between threads.
 */
const scenes = new Map<number, StageScene>();

const lend = createLender();

const relieve = createRelief(48 * 1024 * 1024);

parentPort?.on('message', (message: StageMessage) => {
  if (message === 'end') {
    flushCompileCache();
    parentPort?.close();
  } else if ('begin' in message) {
    const { trees, index, delta } = message.setting;
    scenes.set(message.begin, { ...trees, entries: IndexTable.ofShared(index), delta, lend });
  } else if ('forget' in message) {
    scenes.delete(message.forget);
  } else {
    const scene = scenes.get(message.setting);
    if (scene === undefined) throw new Error('a task came before the trees');
    answer(message.task, scene);
  }
});

function answer(task: StageTask, scene: StageScene): void {
  try {
    const outcome = doStageTask(task, scene);
    // What was read and unpacked to write it passed through as well.
    relieve(3 * outcome.written);
    parentPort?.postMessage({ outcome });
  } catch (error) {
    if (error instanceof SatchelError)
      parentPort?.postMessage({ failure: { code: error.code, parameters: error.parameters } });
    else throw error;
  }
}
