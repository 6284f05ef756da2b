import { readFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { SatchelError } from '../base/errors.ts';
import { parseIndex } from '../build/index-format.ts';
import { objectsOf } from '../build/objects.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { checkedMap, unpackStored } from '../repository/catalog.ts';
import { indexFile, mapFile } from '../repository/layout.ts';
import type { StoredFile } from '../repository/records.ts';
import type { FramesAnswer, FramesTask } from './frames-load.ts';
import { buffersOf, type FrameTable, frameTables } from './frames-table.ts';

/** Thread that reads one build; see `loadFrameTables`. Errors travel as plain data, as they do not survive cloning. */
const task: FramesTask = workerData;

try {
  const tables = tablesOf(task);
  tell({ tables }, buffersOf(tables));
} catch (error) {
  if (!(error instanceof SatchelError)) throw error;
  tell({ failure: { code: error.code, parameters: error.parameters } }, []);
}
flushCompileCache();
parentPort?.close();

function tablesOf({ index, map, indexPath, mapPath }: FramesTask): FrameTable[] {
  const objects = objectsOf(parseIndex(unpacked(indexPath, indexFile(index.stored), index)));
  const sizes = objects.map(({ size }) => size);
  return frameTables(checkedMap(unpacked(mapPath, mapFile(map.stored), map), sizes, index.sha256), objects);
}

function unpacked(path: string, file: string, stored: StoredFile): Buffer {
  const bytes = withSystemErrors('read', path, () => readFileSync(path));
  return unpackStored(file, stored, bytes, path);
}

function tell(answer: FramesAnswer, buffers: ArrayBuffer[]): void {
  parentPort?.postMessage(answer, buffers);
}
