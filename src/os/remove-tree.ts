import { chmodSync, lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { type ByteString, byteString, byteStringFromText, bytesOf, isAscii } from '../base/byte-string.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import { mountsBelow } from './mounts.ts';
import { displayPath, errnoOf, type SystemPath, withSystemErrors } from './system-error.ts';

/**
 * Deletes a file or a whole tree; absent is no error. Never follows a symlink, never leaves the tree, and
 * refuses a tree in which something is mounted (`tree-has-mounts`). Directories that its owner may not write
 * are made writable first, so that an ordinary user can delete what a build brought.
 */
export function removeTree(path: SystemPath): void {
  withSystemErrors('remove', path, () => {
    for (const _ of removeSteps(path)) {
    }
  });
}

/** The same without keeping the event loop waiting; stops between files when the signal says so. */
export async function removeTreeInBackground(
  path: SystemPath,
  options: { readonly signal?: AbortSignal; readonly onRemoved?: (count: number) => void } = {},
): Promise<void> {
  const steps = removeSteps(path);
  let resumed = performance.now();
  for (;;) {
    const step = withSystemErrors('remove', path, () => steps.next());
    if (step.done) return;
    options.onRemoved?.(step.value);
    if (performance.now() - resumed < 10) continue;
    await new Promise((resolve) => setImmediate(resolve));
    throwIfCancelled(options.signal);
    resumed = performance.now();
  }
}

/** Deletes piece by piece; each step says how many names went since the last. */
function* removeSteps(path: SystemPath): Generator<number, void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) {
    unlinkSync(path);
    yield 1;
    return;
  }
  const [mount] = mountsBelow(path);
  if (mount !== undefined) throw new SatchelError('tree-has-mounts', { path: displayPath(path), mount });
  yield* emptyDirectory(typeof path === 'string' ? byteStringFromText(path) : byteString(path));
  rmdirSync(path);
  yield 1;
}

function* emptyDirectory(path: ByteString): Generator<number, void> {
  const children = whenAllowed(path, () =>
    readdirSync(systemPath(path), { withFileTypes: true, encoding: 'latin1' }),
  );
  for (const child of children) {
    const childPath = `${path}/${child.name}` as ByteString;
    if (child.isDirectory()) {
      yield* emptyDirectory(childPath);
      whenAllowed(path, () => rmdirSync(systemPath(childPath)));
    } else {
      whenAllowed(path, () => unlinkSync(systemPath(childPath)));
    }
    yield 1;
  }
}

/** Does something in a directory, once more after making it writable when it was not. */
function whenAllowed<Result>(directory: ByteString, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw error;
    chmodSync(systemPath(directory), 0o700);
    return action();
  }
}

function systemPath(path: ByteString): string | Buffer {
  return isAscii(path) ? path : bytesOf(path);
}
